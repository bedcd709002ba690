import { join } from 'node:path'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WebSocketServer } from 'ws'
import { MemoryLog } from '../../src/publisher/memory-log.ts'
import { Publisher } from '../../src/publisher/publisher.ts'
import { os } from '../../src/server/builder.ts'
import { RPCHandler } from '../../src/transport/node/rpc-handler.ts'
import { RPCHandler as SocketHandler } from '../../src/transport/websocket/rpc-handler.ts'
import { bundlePage } from '../tools/bundle-page.ts'
import { findChromium } from '../tools/chromium.ts'
import { listen, type TestServer } from '../tools/serve.ts'

const executablePath = findChromium()

interface Told {
  readonly seen: { readonly sse: number[]; readonly ws: number[] }
  readonly slept: number
}

describe.skipIf(executablePath === undefined)('a tab that sleeps', { timeout: 60_000 }, () => {
  let browser: Browser
  let server: TestServer
  let sockets: WebSocketServer
  let page: Page
  let published = 0
  const publisher = new Publisher<{ numbers: { n: number } }>(new MemoryLog())

  beforeAll(async () => {
    const code = await bundlePage(join(import.meta.dirname, 'sleeping-page.ts'))
    const router = {
      numbers: os.handler(({ signal, lastEventId }) =>
        publisher.subscribe('numbers', { signal, lastEventId, from: 'start' }),
      ),
    }
    const options = { heartbeat: 200, heartbeatTimeout: 600 }
    const [handler, socketHandler] = [new RPCHandler(router, options), new SocketHandler(router, options)]
    server = await listen(async (request, response) => {
      const { matched } = await handler.handle(request, response, { prefix: '/rpc' })
      if (matched) return
      const isCode = request.url === '/page.js'
      response.writeHead(200, { 'content-type': isCode ? 'text/javascript' : 'text/html' })
      response.end(isCode ? code : '<!doctype html><script type="module" src="/page.js"></script>')
    })
    sockets = new WebSocketServer({ server: server.server })
    sockets.on('connection', (socket) => socketHandler.upgrade(socket))
    browser = await chromium.launch({
      executablePath: executablePath as string,
      args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
    })
    page = await browser.newPage()
    await page.goto(`http://127.0.0.1:${server.port}/`)
    await page.evaluate(`start('127.0.0.1:${server.port}')`)
  }, 60_000)

  afterAll(async () => {
    await browser?.close()
    sockets?.close()
    await server?.close()
    await publisher.close()
  })

  async function publish(count: number): Promise<void> {
    for (let left = count; left > 0; left--) await publisher.publish('numbers', { n: ++published })
  }

  const told = (): Promise<Told> => page.evaluate('told()')

  async function expectAll(): Promise<void> {
    const all = Array.from({ length: published }, (_, index) => index + 1)
    await expect.poll(async () => (await told()).seen, { timeout: 20_000 }).toEqual({ sse: all, ws: all })
  }

  /** Has none of the page's scripts run meanwhile, as with a tab that is frozen in the background: Chromium freezes none that is seen. */
  async function sleepWhile(work: () => Promise<void>): Promise<void> {
    const session = await page.context().newCDPSession(page)
    const paused = new Promise((resolve) => session.once('Debugger.paused', resolve))
    await session.send('Debugger.enable')
    await session.send('Debugger.pause')
    await paused
    await work()
    await session.send('Debugger.disable')
    await session.detach()
  }

  /** Longer than the page or its server would wait for a sign of life. */
  const doze = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1500))

  test('misses nothing of what was published meanwhile', async () => {
    await publish(3)
    await expectAll()
    await sleepWhile(async () => {
      await publish(50)
      await doze()
      await publish(50)
    })
    await expectAll()
    expect((await told()).slept).toBeGreaterThan(1000)
  })

  test('misses nothing though its connections were gone when it woke up', async () => {
    await sleepWhile(async () => {
      server.server.closeAllConnections()
      for (const socket of sockets.clients) socket.terminate()
      await publish(50)
      await doze()
    })
    await publish(3)
    await expectAll()
  })
})
