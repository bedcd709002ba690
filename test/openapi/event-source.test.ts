import { spawn } from 'node:child_process'
import { type Browser, chromium } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { oc } from '../../src/contract/builder.ts'
import { eventIterator } from '../../src/contract/event-iterator.ts'
import { withEventMeta } from '../../src/event/event-meta.ts'
import { os } from '../../src/server/builder.ts'
import { implement } from '../../src/server/implement.ts'
import { findChromium } from '../tools/chromium.ts'
import type { TestServer } from '../tools/serve.ts'
import { serveOpenAPINode } from '../tools/serve-openapi.ts'

const contract = oc
  .tag('Notifications')
  .prefix('/notifications')
  .router({
    stream: oc
      .route({ method: 'GET', path: '/stream', summary: 'Stream notifications' })
      .input(z.object({ userId: z.string().optional(), types: z.array(z.enum(['info', 'error'])).optional() }))
      .output(eventIterator(z.object({ n: z.number(), types: z.array(z.string()) }))),
  })

const router = {
  stream: implement(contract).stream.handler(async function* ({ input, lastEventId, signal }) {
    const first = Number(lastEventId ?? 0) + 1
    for (let n = first; n <= 4 && !signal.aborted; n++) {
      yield withEventMeta({ n, types: input.types ?? [] }, { id: String(n), retry: 10 })
      if (n === 2 && first === 1) await new Promise((resolve) => signal.addEventListener('abort', resolve))
    }
  }),
  cut: os.handler(() => server.server.closeAllConnections()),
}

let server: TestServer
beforeAll(async () => {
  server = await serveOpenAPINode(router)
})
afterAll(() => server.close())

test('curl -N reads a stream as it comes', async () => {
  const curl = spawn('curl', ['-sN', '-g', '-H', 'Last-Event-ID: 2', `${server.url}/notifications/stream?types[]=info`])
  const text = (await curl.stdout.setEncoding('utf8').toArray()).join('')
  expect(text).toBe(
    ': \n\nevent: message\nretry: 10\nid: 3\ndata: {"n":3,"types":["info"]}\n\n' +
      'event: message\nretry: 10\nid: 4\ndata: {"n":4,"types":["info"]}\n\nevent: done\ndata: \n\n',
  )
})

const executablePath = findChromium()

describe.skipIf(executablePath === undefined)('an EventSource of a browser', { timeout: 30_000 }, () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await chromium.launch({
      executablePath: executablePath as string,
      args: ['--no-sandbox', '--disable-gpu'],
    })
  }, 30_000)
  afterAll(() => browser?.close())

  test('reads a stream, resumes when it is cut, and closes on done', async () => {
    const page = await browser.newPage()
    await page.goto(server.url)
    const seen = await page.evaluate(
      (url) =>
        new Promise<unknown[]>((resolve) => {
          const cut = new URL('/api/cut', url)
          const events: unknown[] = []
          const source = new EventSource(url)
          source.onmessage = ({ data, lastEventId }) => {
            const { n } = JSON.parse(data)
            events.push([n, lastEventId])
            if (n === 2) fetch(cut, { method: 'POST' }).catch(() => {})
          }
          source.addEventListener('done', () => {
            source.close()
            resolve(events)
          })
        }),
      `${server.url}/notifications/stream?types[]=info`,
    )
    expect(seen).toEqual([1, 2, 3, 4].map((n) => [n, String(n)]))
  })
})
