import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WebSocketServer } from 'ws'
import { z } from 'zod'
import { eventIterator } from '../../src/contract/event-iterator.ts'
import { InspectorPlugin } from '../../src/inspector/inspector-plugin.ts'
import { MemoryLog } from '../../src/publisher/memory-log.ts'
import { Publisher } from '../../src/publisher/publisher.ts'
import { os } from '../../src/server/builder.ts'
import { RPCHandler } from '../../src/transport/websocket/rpc-handler.ts'
import { findChromium } from '../tools/chromium.ts'
import { serveNode, type TestServer } from '../tools/serve.ts'

const executablePath = findChromium()

const publisher = new Publisher<Record<string, { n: number }>>(new MemoryLog())
const seen: unknown[] = []
const router = {
  planets: {
    create: os
      .errors({ CONFLICT: { message: 'There is one of that name' } })
      .input(
        z.object({ name: z.string(), found: z.date(), moons: z.array(z.string()), kind: z.enum(['rocky', 'gas']) }),
      )
      .handler(({ input, errors }) => {
        if (input.name === 'Earth') throw errors.CONFLICT()
        seen.push(input)
        return { id: 9n, html: `<img src=x onerror="document.title='broken'">${input.name}` }
      }),
    watch: os
      .input(z.object({ channel: z.string() }))
      .output(eventIterator(z.object({ n: z.number() })))
      .handler(({ input, signal, lastEventId }) => publisher.subscribe(input.channel, { signal, lastEventId })),
  },
  ping: os.handler(() => 'pong'),
}

describe.skipIf(executablePath === undefined)('the inspector in a browser', { timeout: 60_000 }, () => {
  let browser: Browser
  let server: TestServer
  let sockets: WebSocketServer
  let url: string
  const problems: string[] = []

  beforeAll(async () => {
    const plugins = [new InspectorPlugin(router, { publishers: { planets: publisher }, title: 'Planets' })]
    server = await serveNode(router, { plugins })
    url = server.url.replace('/rpc', '/inspector')
    sockets = new WebSocketServer({ server: server.server })
    const handler = new RPCHandler(router, { plugins })
    sockets.on('connection', (socket) => handler.upgrade(socket))
    browser = await chromium.launch({
      executablePath: executablePath as string,
      args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
    })
  }, 60_000)

  afterAll(async () => {
    await browser?.close()
    sockets?.close()
    await publisher.close()
    await server?.close()
    // A refused script or style shows here, too.
    expect(problems).toEqual([])
  })

  async function open(hash: string, options: BrowserContextOptions = {}): Promise<Page> {
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 }, ...options })
    page.on('pageerror', (error) => problems.push(String(error)))
    page.on('console', (message) => message.text().includes('Security') && problems.push(message.text()))
    page.on('request', (request) => request.url().startsWith(url) || problems.push(`It loads ${request.url()}`))
    await page.goto(`${url}#/${hash}`)
    await page.getByTestId('feed').getByText('Live').waitFor()
    return page
  }

  test('finds a procedure, makes its input by a form, and shows what comes out as text', async () => {
    const page = await open('procedures')
    await page.keyboard.press('/')
    await page.keyboard.type('create')
    expect(await page.locator('.leaf:visible').allTextContents()).toEqual(['create'])
    await page.keyboard.press('Enter')
    await page.getByLabel('name').fill('Vulcan')
    await page.getByLabel('found').fill('1859-03-26')
    await page.getByText('+ Add an item').click()
    await page.locator('.item input').fill('none')
    await page.getByLabel('kind').selectOption('gas')
    await page.keyboard.press('Control+Enter')
    const result = page.getByTestId('result')
    await result.getByText(`<img src=x onerror=\\"document.title='broken'\\">Vulcan`).waitFor()
    await result.getByText('9n').waitFor()
    expect(await result.locator('.took').textContent()).toMatch(/^[\d.]+ m?s$/)
    expect(seen).toEqual([{ name: 'Vulcan', found: new Date('1859-03-26'), moons: ['none'], kind: 'gas' }])
    expect(await page.title()).toBe('Planets · Inspector')
    await page.close()
  })

  test('calls what is chosen by its keys, wherever the focus is', async () => {
    const page = await open('procedures')
    await page.locator('.leaf', { hasText: 'ping' }).click()
    await page.keyboard.press('Control+Enter')
    await page.getByTestId('result').getByText('"pong"').waitFor()
    await page.close()
  })

  test('takes the form over to JSON, and shows errors with their codes', async () => {
    const page = await open('procedures/planets/create')
    await page.getByLabel('name').fill('Earth')
    await page.getByRole('button', { name: 'JSON' }).click()
    const json = page.getByLabel('Input as JSON')
    expect(JSON.parse(await json.inputValue())).toMatchObject({ name: 'Earth', kind: 'rocky' })
    await json.fill('{ "name": ')
    await page.getByRole('button', { name: 'Call' }).click()
    await page.getByText('This is no JSON').waitFor()
    await json.fill('{ "name": "Earth", "found": "2026-01-01", "moons": [], "kind": "rocky" }')
    await page.getByRole('button', { name: 'Call' }).click()
    await page.getByTestId('result').getByText('409 CONFLICT').waitFor()
    await page.close()
  })

  test('watches a stream, cuts it, and sees it resume after the last id without a hole', async () => {
    const page = await open('procedures/planets/watch')
    await page.getByRole('textbox', { name: 'channel' }).fill('orbit')
    await page.getByRole('button', { name: 'Open stream' }).click()
    await page.locator('.stream-state').getByText('Open').waitFor()
    const numbers = () => page.locator('.entry:not(.mark) .preview').allTextContents()
    const publish = (n: number) => publisher.publish('orbit', { n })
    await publish(1)
    const { id } = await publish(2)
    await expect.poll(numbers).toEqual(['{"n":2}', '{"n":1}'])
    expect(await page.getByTestId('last-id').textContent()).toBe(id)

    await page.getByRole('button', { name: 'Cut' }).click()
    await page.locator('.entry.mark').getByText(`Cut after ${id}`).waitFor()
    await publish(3)
    await page.locator('.stream-state').getByText('retry').waitFor()
    expect(await numbers()).toEqual(['{"n":2}', '{"n":1}'])
    await page.getByRole('button', { name: 'Resume' }).click()
    await page.locator('.entry.mark').getByText(`Resumed after ${id}`).waitFor()
    await expect.poll(numbers).toEqual(['{"n":3}', '{"n":2}', '{"n":1}'])
    const squeezed = page
      .locator('.entry.mark')
      .evaluateAll((marks) =>
        marks.filter((mark) => mark.scrollHeight > mark.clientHeight).map(({ textContent }) => textContent),
      )
    expect(await squeezed).toEqual([])

    await page.getByRole('button', { name: 'Pause' }).click()
    await publish(4)
    await publish(5)
    await page.getByRole('button', { name: 'Continue' }).click()
    await expect.poll(numbers).toEqual([5, 4, 3, 2, 1].map((n) => `{"n":${n}}`))
    await page.locator('.entry', { hasText: '{"n":3}' }).locator('summary').first().click()
    await page.getByRole('button', { name: 'Open after this id' }).click()
    await expect.poll(numbers).toEqual(['{"n":5}', '{"n":4}'])
    await page.getByRole('button', { name: 'Close' }).click()
    await page.locator('.stream-state').getByText('Closed').waitFor()
    await page.close()
  })

  test('shows figures of channels as they move, and who resumed', async () => {
    const page = await open('channels')
    const { id } = await publisher.publish('news', { n: 0 })
    const reader = publisher.subscribe('news', { lastEventId: id })
    await reader.ready
    const figure = (name: string) => page.locator(`[data-channel=news] [data-name="${name}"] .figure`).textContent()
    await expect.poll(() => figure('Subscribers'), { timeout: 10_000 }).toBe('1')
    for (let n = 1; n <= 5; n++) await publisher.publish('news', { n })
    await expect
      .poll(() => Promise.all([figure('Head'), figure('Lag'), figure('Resumes')]), { timeout: 10_000 })
      .toEqual(['6', '5', '1'])
    await page.locator('.notes').getByText(`Resumed after ${id}`).waitFor()
    await expect
      .poll(() => page.locator('[data-channel=news] [data-name="Events/s"] .spark-line').getAttribute('d'))
      .toContain('L')
    await reader.return()
    await page.close()
  })

  test('shows the streams and connections that are open', async () => {
    const page = await open('connections')
    const socket = await page.evaluateHandle((port) => {
      const socket = new WebSocket(`ws://127.0.0.1:${port}/`, 'headwater.1')
      socket.onopen = () => socket.send('{"i":"1","p":{"u":"/planets/watch","b":{"json":{"channel":"x"}}}}')
      return socket
    }, server.port)
    await page.locator('.open-streams .row').getByText('planets.watch').waitFor()
    await page.locator('.open-streams .row').getByText('connection').waitFor()
    await page.locator('.peers .row').getByText('0 B').waitFor()
    await socket.evaluate((socket) => socket.close())
    await expect.poll(() => page.locator('.peers .row').count(), { timeout: 10_000 }).toBe(0)
    await page.close()
  })

  test('fits a phone, in the dark, in all its views', async () => {
    const phone = {
      viewport: { width: 390, height: 844 },
      colorScheme: 'dark',
      isMobile: true,
      hasTouch: true,
    } as const
    const page = await open('procedures', phone)
    const background = await page.evaluate(() => getComputedStyle(document.body).backgroundColor)
    expect(background.match(/\d+/g)?.every((part) => Number(part) < 60)).toBe(true)
    for (const view of ['procedures', 'procedures/planets/create', 'streams', 'channels', 'connections']) {
      await page.goto(`${url}#/${view}`)
      await page.locator('.view:visible').waitFor()
      const [content, screen] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth])
      expect(content, view).toBeLessThanOrEqual(screen ?? 0)
    }
    await page.getByRole('link', { name: 'Procedures' }).first().tap()
    await page.locator('.leaf', { hasText: 'ping' }).tap()
    await page.getByRole('button', { name: 'Call' }).tap()
    await page.getByTestId('result').getByText('"pong"').waitFor()
    await page.getByRole('link', { name: 'Procedures' }).first().tap()
    await page.locator('.leaf', { hasText: 'ping' }).waitFor()
    await page.close()
  })
})
