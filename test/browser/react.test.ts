import { join } from 'node:path'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type } from '../../src/core/schema.ts'
import { MemoryLog } from '../../src/publisher/memory-log.ts'
import { Publisher } from '../../src/publisher/publisher.ts'
import { os } from '../../src/server/builder.ts'
import { RPCHandler } from '../../src/transport/node/rpc-handler.ts'
import { bundlePage } from '../tools/bundle-page.ts'
import { findChromium } from '../tools/chromium.ts'
import { listen, type TestServer } from '../tools/serve.ts'

const executablePath = findChromium()

interface Message {
  readonly n: number
}

const publisher = new Publisher<{ room: Message }>(new MemoryLog())
/** The streams as the server sees them. */
const seen = { opened: 0, open: 0 }

const router = {
  room: os.input(type<{ roomId: string }>()).handler(({ signal, lastEventId }) => {
    seen.opened++
    seen.open++
    signal.addEventListener('abort', () => seen.open--)
    return publisher.subscribe('room', { signal, lastEventId })
  }),
  burst: os.handler(async function* () {
    for (let n = 1; n <= 100_000; n++) yield { n }
  }),
}

describe.skipIf(executablePath === undefined)('a page with the hooks', { timeout: 40_000 }, () => {
  let browser: Browser
  let code: string
  let server: TestServer
  let page: Page
  let next = 1

  async function start(port?: number): Promise<TestServer> {
    const handler = new RPCHandler(router)
    return listen(async (request, response) => {
      const { matched } = await handler.handle(request, response, { prefix: '/rpc', context: {} })
      if (matched) return
      const isScript = request.url === '/page.js'
      const html = '<!doctype html><body><script type="module" src="/page.js"></script></body>'
      response.writeHead(200, { 'content-type': isScript ? 'text/javascript' : 'text/html' })
      response.end(isScript ? code : html)
    }, port)
  }

  beforeAll(async () => {
    // React's development build renders twice in strict mode, and is the slower one.
    code = await bundlePage(join(import.meta.dirname, 'react-page.ts'), 'development')
    browser = await chromium.launch({
      executablePath: executablePath as string,
      args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
    })
  }, 60_000)

  afterAll(async () => {
    await browser?.close()
    await publisher.close()
  })

  beforeEach(async () => {
    Object.assign(seen, { opened: 0, open: 0 })
    server = await start()
    page = await (await browser.newContext()).newPage()
    await page.goto(`http://127.0.0.1:${server.port}/`)
    await page.waitForSelector('#room[data-status=open]', { state: 'attached' })
  })

  afterEach(async () => {
    await page.context().close()
    await expect.poll(() => seen.open).toBe(0)
    await server.close()
  })

  async function publish(count: number): Promise<string> {
    const from = next
    for (let index = 0; index < count; index++) await publisher.publish('room', { n: next++ })
    return Array.from({ length: count }, (_, index) => from + index).join(' ')
  }

  const shows = (expected: string) => expect.poll(() => page.textContent('#room'), { timeout: 15_000 }).toBe(expected)

  test('opens one stream for two equal calls under strict mode, and both have every event', async () => {
    await shows(await publish(3))
    expect(await page.textContent('#counter')).toBe('3')
    expect(seen).toEqual({ opened: 1, open: 1 })
  })

  test('misses and repeats nothing while the user is on another view', async () => {
    const before = await publish(2)
    await shows(before)
    await page.click('#to-nothing')
    await expect.poll(() => seen.open).toBe(0)
    const between = await publish(2)
    await page.click('#to-rooms')
    await shows(`${before} ${between}`)
    expect(await page.textContent('#counter')).toBe('4')
    expect(seen).toEqual({ opened: 2, open: 1 })
  })

  test('misses and repeats nothing while it is offline', async () => {
    const before = await publish(2)
    await shows(before)
    await page.context().setOffline(true)
    server.server.closeAllConnections()
    await page.waitForSelector('#room[data-status=waiting]', { state: 'attached' })
    const between = await publish(2)
    await page.context().setOffline(false)
    await shows(`${before} ${between}`)
    await page.waitForSelector('#page[data-connection=open]')
    expect(seen.open).toBe(1)
  })

  test('misses and repeats nothing while the server restarts', async () => {
    const before = await publish(2)
    await shows(before)
    await server.close()
    const between = await publish(2)
    server = await start(server.port)
    await shows(`${before} ${between}`)
    const after = await publish(2)
    await shows(`${before} ${between} ${after}`)
    expect(await page.textContent('#counter')).toBe('6')
  })

  describe('in several tabs that share it', () => {
    let tabs: Page[]

    /** The first one leads. */
    beforeEach(async () => {
      await page.goto('about:blank')
      await expect.poll(() => seen.open).toBe(0)
      seen.opened = 0
      tabs = [await openTab(), await openTab()]
    })

    async function openTab(): Promise<Page> {
      const tab = await page.context().newPage()
      await tab.goto(`http://127.0.0.1:${server.port}/?tabs`)
      await tab.waitForSelector('#room[data-status=open]', { state: 'attached' })
      return tab
    }

    async function allShow(expected: string): Promise<void> {
      const count = String(expected.split(' ').length)
      for (const tab of tabs) {
        await expect.poll(() => tab.textContent('#room'), { timeout: 20_000 }).toBe(expected)
        expect(await tab.textContent('#counter')).toBe(count)
      }
    }

    test('is opened once, and who comes later has all of it', async () => {
      const before = await publish(2)
      await allShow(before)
      tabs.push(await openTab())
      await allShow(before)
      await allShow(`${before} ${await publish(2)}`)
      expect(seen).toEqual({ opened: 1, open: 1 })
    })

    test('goes on in another tab when the one that holds it is closed', async () => {
      const before = await publish(1)
      await allShow(before)
      tabs.push(await openTab())
      const [leader] = tabs.splice(0, 1)
      const closing = leader?.close()
      const between = await publish(3)
      await closing
      await allShow(`${before} ${between}`)
      await allShow(`${before} ${between} ${await publish(2)}`)
      expect(seen).toEqual({ opened: 2, open: 1 })
    })

    test('goes on in another tab though no event has come before', async () => {
      const [leader] = tabs.splice(0, 1)
      await leader?.close()
      await allShow(await publish(2))
    })

    test('goes on in another tab when the one that holds it hangs, which follows when it is back', async () => {
      const before = await publish(1)
      await allShow(before)
      const [leader, other] = tabs as [Page, Page]
      const debug = await page.context().newCDPSession(leader)
      await debug.send('Debugger.enable')
      const paused = new Promise((resolve) => debug.once('Debugger.paused', resolve))
      await debug.send('Debugger.pause')
      leader.evaluate('1').catch(() => {})
      await paused
      const between = await publish(2)
      await expect.poll(() => other.textContent('#room'), { timeout: 25_000 }).toBe(`${before} ${between}`)
      await debug.send('Debugger.resume')
      await debug.detach()
      await allShow(`${before} ${between}`)
      await allShow(`${before} ${between} ${await publish(2)}`)
      await expect.poll(() => seen.open).toBe(1)
    })

    test('misses and repeats nothing while the server restarts', async () => {
      const before = await publish(2)
      await allShow(before)
      await server.close()
      const between = await publish(2)
      server = await start(server.port)
      await allShow(`${before} ${between}`)
      expect(seen.open).toBe(1)
    })
  })

  test('stays responsive while a hundred thousand events come', { retry: 2 }, async () => {
    await page.click('#to-burst')
    const startedAt = await page.evaluate('performance.now()')
    await page.waitForSelector('#burst[data-status=done]', { timeout: 30_000 })
    expect(await page.getAttribute('#burst', 'data-sum')).toBe('5000050000')
    expect(await page.locator('#burst li').allTextContents()).toHaveLength(100)
    const tasks = (await page.evaluate('longTasks')) as { startTime: number; duration: number }[]
    const late = tasks.filter(({ startTime }) => startTime > (startedAt as number) + 1000)
    expect(late.filter(({ duration }) => duration > 100)).toEqual([])
  })
})
