import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { withEventMeta } from '../../src/event/event-meta.ts'
import { MemoryLog } from '../../src/publisher/memory-log.ts'
import { Publisher } from '../../src/publisher/publisher.ts'
import { os } from '../../src/server/builder.ts'
import { RPCHandler } from '../../src/transport/node/rpc-handler.ts'
import { type Dispatched, STREAM_CASES } from '../suites/event-stream-cases.ts'
import { findChromium } from '../tools/chromium.ts'
import { listen, type TestServer } from '../tools/serve.ts'

const executablePath = findChromium()

/** Runs in the page: collects what an `EventSource` dispatches, until it has `count` events or is cut. */
function listenInPage([url, count]: readonly [string, number]): Promise<Dispatched[]> {
  return new Promise((resolve) => {
    const events: [string, string, string][] = []
    const source = new EventSource(url)
    const end = (): void => {
      source.close()
      resolve(events)
    }
    for (const type of ['message', 'done', 'a\0b', 'b', 'x']) {
      source.addEventListener(type, ({ data, lastEventId }: MessageEvent) => {
        events.push([type, data, lastEventId])
        // A bare EventSource does not know that a stream is over: it would open it again.
        if (type === 'done' || events.length === count) end()
      })
    }
    if (count === 0) source.addEventListener('error', end)
  })
}

describe.skipIf(executablePath === undefined)('an EventSource in Chromium', { timeout: 60_000 }, () => {
  let browser: Browser
  let page: Page
  let server: TestServer
  let url: string
  const publisher = new Publisher<{ room: { n: number } }>(new MemoryLog())
  /** When each stream was opened, and after which event. */
  const openings: { at: number; lastEventId: string | undefined }[] = []

  const router = {
    room: os.route({ method: 'GET' }).handler(({ signal, lastEventId }) => {
      openings.push({ at: performance.now(), lastEventId })
      return publisher.subscribe('room', { signal, lastEventId })
    }),
    count: os.route({ method: 'GET' }).handler(async function* ({ lastEventId }) {
      openings.push({ at: performance.now(), lastEventId })
      for (let n = Number(lastEventId ?? 0) + 1; n <= 3; n++) {
        yield withEventMeta({ n }, { id: String(n), retry: 300 })
      }
      return 'over'
    }),
  }

  beforeAll(async () => {
    let handler = new RPCHandler(router)
    server = await listen(async (request, response) => {
      const [, kind, index] = (request.url ?? '').split('/')
      if (kind === 'case') {
        response.writeHead(200, { 'content-type': 'text/event-stream' })
        response.end(new Uint8Array(STREAM_CASES[Number(index)]?.body ?? []))
      } else if (kind === 'cut') {
        const draining = handler
        handler = new RPCHandler(router)
        await draining.drain()
        response.end()
      } else {
        const { matched } = await handler.handle(request, response, { prefix: '/rpc' })
        if (!matched) response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html>')
      }
    })
    url = `http://127.0.0.1:${server.port}`
    browser = await chromium.launch({
      executablePath: executablePath as string,
      args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
    })
    page = await browser.newPage()
    await page.goto(url)
  }, 60_000)

  afterAll(async () => {
    await browser?.close()
    await server?.close()
    await publisher.close()
  })

  test('reads the cases of the standard as our decoder does', async () => {
    const read = await Promise.all(
      STREAM_CASES.map(async ({ name }, index) => ({
        name,
        events: await page.evaluate(listenInPage, [`${url}/case/${index}`, 0] as const),
      })),
    )
    expect(read).toEqual(STREAM_CASES.map(({ name, events }) => ({ name, events })))
  })

  test('resumes after the last event when the server cuts the stream', async () => {
    openings.length = 0
    const received = page.evaluate(listenInPage, [`${url}/rpc/room`, 3] as const)
    await expect.poll(() => openings.length, { timeout: 10_000 }).toBe(1)
    await publisher.publish('room', { n: 1 })
    await fetch(`${url}/cut`)
    await publisher.publish('room', { n: 2 })
    await publisher.publish('room', { n: 3 })
    const events = await received
    expect(events.map(([, data]) => JSON.parse(data))).toEqual([1, 2, 3].map((n) => ({ json: { n } })))
    expect(openings.map(({ lastEventId }) => lastEventId)).toEqual([undefined, events[0]?.[2]])
  })

  test('gets the end as an event of the name done, and stays closed when its page closes it then', async () => {
    openings.length = 0
    const events = await page.evaluate(listenInPage, [`${url}/rpc/count`, 9] as const)
    expect(events).toEqual([
      ['message', '{"json":{"n":1}}', '1'],
      ['message', '{"json":{"n":2}}', '2'],
      ['message', '{"json":{"n":3}}', '3'],
      ['done', '{"json":"over"}', '3'],
    ])
    expect(openings).toHaveLength(1)
  })

  test('that is not closed on done opens the stream again, no sooner than the retry says', async () => {
    openings.length = 0
    await page.evaluate((url) => {
      const source = new EventSource(url)
      let times = 0
      return new Promise<void>((resolve) => {
        source.addEventListener('done', () => {
          if (++times < 3) return
          source.close()
          resolve()
        })
      })
    }, `${url}/rpc/count`)
    expect(openings.map(({ lastEventId }) => lastEventId)).toEqual([undefined, '3', '3'])
    const [first, second, third] = openings.map(({ at }) => at) as [number, number, number]
    expect(second - first).toBeGreaterThan(250)
    expect(third - second).toBeGreaterThan(250)
    // Chromium's own wait is 3 s.
    expect(second - first).toBeLessThan(2_500)
  })
})
