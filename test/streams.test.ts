import { afterEach, beforeEach, expect, test } from 'vitest'
import { createClient } from '../src/client/create-client.ts'
import { filterEvents, mapEvents } from '../src/event/map-events.ts'
import { batchEvents } from '../src/event/timed-events.ts'
import { MemoryLog } from '../src/publisher/memory-log.ts'
import { Publisher } from '../src/publisher/publisher.ts'
import { os } from '../src/server/builder.ts'
import type { RouterClient } from '../src/server/router.ts'
import { RPCLink } from '../src/transport/fetch/rpc-link.ts'
import { serveNode, type TestServer } from './tools/serve.ts'

// What stands between a publisher and its client must not lose or repeat an event when connections are cut.

const EVENTS = 400

let publisher: Publisher<{ [channel: string]: { n: number } }>
let server: TestServer
let client: RouterClient<ReturnType<typeof createRouter>>

function createRouter() {
  return {
    filtered: os.handler(({ signal, lastEventId }) =>
      mapEvents(
        filterEvents(publisher.subscribe('a', { signal, lastEventId, from: 'start' }), ({ n }) => n % 3 === 0),
        ({ n }) => [n],
      ),
    ),
    numbers: os.handler(({ signal, lastEventId }) =>
      mapEvents(publisher.subscribe('a', { signal, lastEventId, from: 'start' }), ({ n }) => n),
    ),
    batched: os.handler(({ signal, lastEventId }) =>
      batchEvents(publisher.subscribe('a', { signal, lastEventId, from: 'start' }), { size: 7 }),
    ),
    several: os.handler(({ signal, lastEventId }) =>
      publisher.subscribe(['a', 'b'], { signal, lastEventId, from: 'start' }),
    ),
  }
}

beforeEach(async () => {
  publisher = new Publisher(new MemoryLog())
  server = await serveNode(createRouter(), { heartbeat: 5 })
  client = createClient(new RPCLink({ url: server.url, backoff: { initialDelay: 1, maxDelay: 3 } }))
})

afterEach(async () => {
  await publisher.close()
  await server.close()
})

/** Reads while the events are published and every connection is cut, again and again. */
async function readThroughCuts<Value>(
  stream: AsyncIterator<Value>,
  until: (value: Value) => boolean,
): Promise<Value[]> {
  const cuts = setInterval(() => server.server.closeAllConnections(), 7)
  const publishing = (async () => {
    for (let n = 1; n <= EVENTS; n++) {
      await Promise.all([publisher.publish('a', { n }), publisher.publish('b', { n })])
      if (n % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 1))
    }
  })()
  const values: Value[] = []
  try {
    for (;;) {
      const { done, value } = await stream.next()
      if (done) throw new Error('The stream ended')
      values.push(value)
      if (until(value)) return values
    }
  } finally {
    clearInterval(cuts)
    await publishing
    await stream.return?.()
  }
}

const numbers = (step = 1): number[] => Array.from({ length: Math.floor(EVENTS / step) }, (_, n) => (n + 1) * step)

test('filtered and mapped events come once and in order', async () => {
  const last = EVENTS - (EVENTS % 3)
  const values = await readThroughCuts(await client.filtered(), ([n]) => n === last)
  expect(values.flat()).toEqual(numbers(3))
})

test('events that are mere numbers come once and in order', async () => {
  expect(await readThroughCuts(await client.numbers(), (n) => n === EVENTS)).toEqual(numbers())
})

test('batches have every event once and in order', async () => {
  const batches = await readThroughCuts(await client.batched(), (batch) => batch.at(-1)?.n === EVENTS)
  expect(batches.flat().map(({ n }) => n)).toEqual(numbers())
})

test('the events of several channels come once, each channel in order', async () => {
  const left = new Set(['a', 'b'])
  const items = await readThroughCuts(await client.several(), ({ channel, event }) => {
    if (event.n === EVENTS) left.delete(channel)
    return left.size === 0
  })
  for (const name of ['a', 'b']) {
    expect(items.filter(({ channel }) => channel === name).map(({ event }) => event.n)).toEqual(numbers())
  }
})
