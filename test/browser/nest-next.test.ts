import { join } from 'node:path'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { AppProcess } from '../tools/app-process.ts'
import { findChromium } from '../tools/chromium.ts'
import { freePort } from '../tools/free-port.ts'
import { findRedisServer, RedisServer } from '../tools/redis-server.ts'
import { StreamProxy } from '../tools/stream-proxy.ts'

const executablePath = findChromium()
const isPossible = executablePath !== undefined && findRedisServer() !== undefined
const example = join(import.meta.dirname, '../../examples/nest-next')
const STREAM = 'notifications/stream'

describe.skipIf(!isPossible)('the application of Nest and Next', { timeout: 120_000 }, () => {
  let redis: RedisServer
  let processes: AppProcess[]
  let apis: readonly [number, number]
  let proxy: StreamProxy
  let web: string
  let browser: Browser
  let context: BrowserContext
  let page: Page
  let problems: string[]
  let next = 1
  /** What was published before the test. */
  let before: readonly string[] = []

  beforeAll(async () => {
    redis = await RedisServer.start()
    apis = [await freePort(), await freePort()]
    const [proxyPort, webPort] = [await freePort(), await freePort()]
    proxy = await StreamProxy.start(proxyPort, apis[0])
    web = `http://localhost:${webPort}`
    const env = { REDIS_URL: redis.url, NEXT_TELEMETRY_DISABLED: '1' }
    processes = await Promise.all([
      AppProcess.start({
        cwd: example,
        command: ['npm', 'start'],
        env: {
          ...env,
          API_PORT: String(apis[0]),
          WEB_PORT: String(webPort),
          NEXT_PUBLIC_API_URL: `http://localhost:${proxyPort}`,
        },
        ready: [`running at http://localhost:${apis[0]}`, 'Ready in'],
      }),
      AppProcess.start({
        cwd: join(example, 'apps/api'),
        command: ['npm', 'start'],
        env: { ...env, PORT: String(apis[1]) },
        ready: [`running at http://localhost:${apis[1]}`],
      }),
    ])
    browser = await chromium.launch({
      executablePath: executablePath as string,
      args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
    })
    // Next compiles each page when it is first asked for.
    for (const path of ['/', '/chat/lobby', '/counter']) await fetch(`${web}${path}`)
  }, 180_000)

  afterAll(async () => {
    await browser?.close()
    await proxy?.close()
    await Promise.all((processes ?? []).map((process) => process.kill()))
    await redis?.stop()
  })

  beforeEach(async () => {
    problems = []
    context = await browser.newContext()
    page = await openPage('/')
    await connected(page)
    // A new page is shown all that is kept, an event after the other.
    before = Array.from({ length: next - 1 }, (_, index) => `message ${index + 1}`)
    await shows(page)
    proxy.asked.length = 0
  })

  afterEach(async () => {
    await context.close()
    await expect.poll(() => proxy.countOpen('stream')).toBe(0)
    expect(problems).toEqual([])
  })

  async function openPage(path: string): Promise<Page> {
    const opened = await context.newPage()
    opened.on('pageerror', (error) => problems.push(String(error)))
    await opened.goto(`${web}${path}`)
    return opened
  }

  const connected = (page: Page) => page.getByText('Connected', { exact: true }).waitFor()

  const shownBy = (page: Page) => page.locator('#notifications span').allTextContents()

  /** Publishes to a server, whatever the pages can reach. */
  async function publish(count: number): Promise<readonly string[]> {
    const messages = Array.from({ length: count }, () => `message ${next++}`)
    for (const message of messages) {
      const response = await fetch(`http://localhost:${apis[1]}/notifications/publish`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ type: 'info', message }),
      })
      expect(response.status).toBe(200)
    }
    return messages
  }

  /** The page shows the newest five, and counts all. */
  async function shows(page: Page, ...messages: readonly string[]): Promise<void> {
    const all = [...before, ...messages].slice(-5)
    // A client that found its server gone several times waits for longer each time.
    await expect.poll(() => shownBy(page), { timeout: 45_000 }).toEqual(all)
    expect(await page.getAttribute('#notifications', 'data-count')).toBe(String(next - 1))
  }

  test('opens one stream for two tabs under strict mode, and both show every event once, also when one is closed', async () => {
    const other = await openPage('/')
    await connected(other)
    const first = await publish(3)
    await shows(page, ...first)
    await shows(other, ...first)
    expect([proxy.countOpen(STREAM), proxy.asked]).toEqual([1, []])
    await page.close()
    const second = await publish(2)
    await shows(other, ...first, ...second)
    expect([proxy.countOpen(STREAM), proxy.asked]).toEqual([1, [`/rpc/${STREAM}`]])
  })

  test('misses and repeats nothing while it is offline', async () => {
    const first = await publish(1)
    await shows(page, ...first)
    await context.setOffline(true)
    proxy.cut()
    await page.getByText('Disconnected').waitFor()
    const second = await publish(2)
    await context.setOffline(false)
    await shows(page, ...first, ...second)
    expect(proxy.countOpen(STREAM)).toBe(1)
  })

  test('misses and repeats nothing while a server goes and another one takes its place', async () => {
    const first = await publish(1)
    await shows(page, ...first)
    proxy.target = undefined
    proxy.cut()
    await page.getByText('Disconnected').waitFor()
    const second = await publish(2)
    proxy.target = apis[1]
    await shows(page, ...first, ...second)
    const third = await publish(1)
    await shows(page, ...first, ...second, ...third)
    proxy.target = apis[0]
  })

  test('misses and repeats nothing while its tab is hidden for a minute', async () => {
    await page.clock.install()
    await page.reload()
    await connected(page)
    await setVisibility('hidden')
    proxy.cut()
    const first = await publish(2)
    await page.clock.fastForward(60_000)
    const second = await publish(2)
    await setVisibility('visible')
    await shows(page, ...first, ...second)
    await expect.poll(() => proxy.countOpen(STREAM)).toBe(1)
  })

  function setVisibility(state: 'hidden' | 'visible'): Promise<void> {
    return page.evaluate((state) => {
      Object.defineProperty(document, 'visibilityState', { value: state, configurable: true })
      document.dispatchEvent(new Event('visibilitychange'))
    }, state)
  }

  test('leaves its stream on another page, and is whole when the user comes back', async () => {
    const first = await publish(1)
    await shows(page, ...first)
    await page.getByRole('link', { name: 'Chat' }).click()
    await page.getByRole('heading', { name: 'lobby' }).waitFor()
    await connected(page)
    await expect.poll(() => proxy.countOpen(STREAM)).toBe(0)
    expect(proxy.countOpen('chat/stream')).toBe(1)
    const second = await publish(2)
    await page.goBack()
    await connected(page)
    await shows(page, ...first, ...second)
    expect([proxy.countOpen(STREAM), proxy.countOpen('chat/stream')]).toEqual([1, 0])
  })

  test('chats between two tabs', async () => {
    await page.evaluate(() => localStorage.setItem('name', 'ada'))
    const [ada, bob] = [await openPage('/chat/tabs'), await openPage('/chat/tabs')]
    for (const tab of [ada, bob]) await connected(tab)
    expect(proxy.countOpen('chat/stream')).toBe(2)
    await ada.getByLabel('Message').fill('Hello')
    await ada.getByRole('button', { name: 'Send' }).click()
    for (const tab of [ada, bob]) {
      await expect.poll(() => tab.locator('#messages li').allTextContents()).toEqual(['ada: Hello'])
    }
  })

  test('renders a snapshot without HTTP, streams it behind a fallback, and goes on from exactly there', async () => {
    const add = () =>
      fetch(`${web}/rpc/counter/add`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ json: { by: 2 } }),
      })
    await add()
    const html = await (await fetch(`${web}/counter`)).text()
    expect(html.indexOf('Counting…')).toBeGreaterThan(0)
    expect(html.indexOf('id="count"')).toBeGreaterThan(html.indexOf('Counting…'))
    const tab = await openPage('/counter')
    await tab.waitForSelector('#count[data-status=open]')
    expect(await tab.textContent('#count')).toBe('2')
    await add()
    await expect.poll(() => tab.textContent('#count')).toBe('4')
    await tab.getByRole('button', { name: 'Add' }).click()
    await expect.poll(() => tab.textContent('#count')).toBe('5')
  })
})
