import { join } from 'node:path'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WebSocketServer } from 'ws'
import { RPCHandler } from '../../src/transport/websocket/rpc-handler.ts'
import { createPeerRouter } from '../suites/peer-router.ts'
import { bundlePage } from '../tools/bundle-page.ts'
import { findChromium } from '../tools/chromium.ts'
import { listen, type TestServer } from '../tools/serve.ts'

const executablePath = findChromium()

describe.skipIf(executablePath === undefined)('in Chromium', { timeout: 40_000 }, () => {
  let browser: Browser
  let pages: TestServer
  let sockets: WebSocketServer
  let page: Page

  beforeAll(async () => {
    const code = await bundlePage(join(import.meta.dirname, 'browser-checks.ts'))
    pages = await listen((request, response) => {
      if (request.url === '/checks.js') response.writeHead(200, { 'content-type': 'text/javascript' }).end(code)
      else {
        const serve = request.url === '/frame' ? '<script type="module">serveFrame()</script>' : ''
        const html = `<!doctype html><body><script type="module" src="/checks.js"></script>${serve}</body>`
        response.writeHead(200, { 'content-type': 'text/html' }).end(html)
      }
    })
    const router = createPeerRouter({
      drain: () => {
        const draining = handler
        handler = new RPCHandler(router)
        return draining.drain()
      },
    })
    let handler = new RPCHandler(router)
    sockets = new WebSocketServer({ server: pages.server })
    sockets.on('connection', (socket, request) => {
      const user = new URL(request.url ?? '', 'http://x.test').searchParams.get('user') ?? ''
      handler.upgrade(socket, { context: { user } })
    })
    browser = await chromium.launch({
      executablePath: executablePath as string,
      args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
    })
    page = await browser.newPage()
    await page.goto(`http://127.0.0.1:${pages.port}/`)
  }, 60_000)

  afterAll(async () => {
    await browser?.close()
    sockets?.close()
    await pages?.close()
  })

  test('a MessageChannel passes the checks', async () => {
    expect(await page.evaluate('checkPorts()')).toEqual([])
  })

  test("our client passes the checks over the page's WebSocket", async () => {
    expect(await page.evaluate(`checkSockets('ws://127.0.0.1:${pages.port}/')`)).toEqual([])
  })

  test('a page calls a frame over a port that it posts to its window', async () => {
    expect(await page.evaluate('callFrame()')).toBe('the frame')
  })
})
