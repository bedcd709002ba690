import { createORPCClient } from '@orpc/client'
import { RPCLink as ReferenceLink } from '@orpc/client/fetch'
import { afterEach, expect, test } from 'vitest'
import { createClient } from '../src/client/create-client.ts'
import type { EventGapData } from '../src/event/event-gap.ts'
import { mapEvents } from '../src/event/map-events.ts'
import { mergeEvents } from '../src/event/merge-events.ts'
import { batchEvents } from '../src/event/timed-events.ts'
import { MemoryLog } from '../src/publisher/memory-log.ts'
import { Publisher } from '../src/publisher/publisher.ts'
import { os } from '../src/server/builder.ts'
import { call } from '../src/server/implemented-procedure.ts'
import type { Router } from '../src/server/router.ts'
import { createRouterClient } from '../src/server/router-client.ts'
import { RPCLink, type RPCLinkOptions } from '../src/transport/fetch/rpc-link.ts'
import { gate } from './tools/gate.ts'
import { rejection, settle, take } from './tools/probes.ts'
import { serveNode, type TestServer } from './tools/serve.ts'

const servers: TestServer[] = []
const log = new MemoryLog()
const publisher = new Publisher<{ [channel: string]: { n: number } }>(log, { retention: { events: 2 } })
let count = 0

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()))
})

async function serve<R extends Router>(router: R, options: Partial<RPCLinkOptions<any>> = {}) {
  const server = await serveNode(router)
  servers.push(server)
  const link = new RPCLink({ url: server.url, backoff: { initialDelay: 1, maxDelay: 5 }, ...options })
  return { url: server.url, client: createClient<any>(link) }
}

async function publish(channel: string, ...numbers: number[]): Promise<string[]> {
  const ids: string[] = []
  for (const n of numbers) ids.push((await publisher.publish(channel, { n })).id)
  return ids
}

/** A channel with the events 1 to 5, of which 4 and 5 are left, and the id of the first. */
async function trimmedChannel() {
  const channel = `c${++count}`
  const [lastEventId] = await publish(channel, 1, 2, 3, 4, 5)
  const stream = os.handler(({ signal, lastEventId }) =>
    publisher.subscribe(channel, { signal, lastEventId, onGap: 'oldest' }),
  )
  return { channel, lastEventId, stream }
}

/** Gaps as they are told, with what comes between them. */
function createTrace() {
  const trace: unknown[] = []
  const onGap = ({ reason, channel }: EventGapData): void => void trace.push(channel ?? reason)
  return { trace, onGap }
}

test('a server that passes on the stream of another one passes on its gaps and its position', async () => {
  const { lastEventId, stream } = await trimmedChannel()
  const { client: upstream } = await serve({ stream })
  const { client } = await serve({
    stream: os.handler(({ signal, lastEventId }) => upstream.stream(undefined, { signal, lastEventId })),
  })
  const { trace, onGap } = createTrace()
  trace.push(...(await take(await client.stream(undefined, { lastEventId, onGap }), 2)))
  expect(trace).toEqual(['trimmed', { n: 4 }, { n: 5 }])
})

test('a client of the reference implementation gets the events behind the gap', async () => {
  const { lastEventId, stream } = await trimmedChannel()
  const { url } = await serve({ stream })
  const client = createORPCClient<any>(new ReferenceLink({ url }))
  const events = await client.stream(undefined, { lastEventId })
  expect(await take(events, 2)).toEqual([{ n: 4 }, { n: 5 }])
  await events.return()
})

test('a link is told of the gaps of all its streams, with the call', async () => {
  const { lastEventId, stream } = await trimmedChannel()
  const told: unknown[] = []
  const { client } = await serve(
    { stream },
    { onGap: ({ reason }, { path, options }) => told.push([reason, path, options.context]) },
  )
  await take(await client.stream(undefined, { lastEventId, context: { page: 'chat' } }), 1)
  expect(told).toEqual([['trimmed', ['stream'], { page: 'chat' }]])
})

test('calls within the process are told as remote ones are', async () => {
  const { lastEventId, stream } = await trimmedChannel()
  const { trace, onGap } = createTrace()
  const options = { lastEventId, onGap } as const
  trace.push(...(await take((await createRouterClient({ stream }).stream(undefined, options)) as never, 2)))
  trace.push(...(await take((await call(stream, undefined, options)) as never, 1)))
  expect(trace).toEqual(['trimmed', { n: 4 }, { n: 5 }, 'trimmed', { n: 4 }])
})

test('a batch that was begun before a gap comes behind what tells of it, and no event is lost', async () => {
  const channel = `c${++count}`
  const [first] = await publish(channel, 1)
  const subscription = publisher.subscribe(channel, { lastEventId: first, onGap: 'oldest' })
  const batches = batchEvents(subscription, { size: 3, within: 60_000 })
  const position = (batches as any)['~position']
  const next = batches.next()
  await publish(channel, 2)
  await settle()
  // The subscriber has a gap behind the event that it holds, and gets what is left.
  await log.rotateEpoch(channel)
  expect(await next).toEqual({ done: false, value: [{ n: 2 }, { n: 1 }, { n: 2 }] })
  // Resumed behind this gap, it would miss the first event of the batch.
  expect([position.takeGap(), position.takeGap()]).toEqual([
    { gap: expect.objectContaining({ reason: 'epoch' }), after: undefined },
    undefined,
  ])
  await batches.return(undefined)
})

test('of two channels with gaps each is told, and a client that is cut between gets both again', async () => {
  const [one, two] = [await trimmedChannel(), await trimmedChannel()]
  const merged = mergeEvents(
    ...[one, two].map(({ channel, lastEventId }) =>
      publisher.subscribe(channel, { lastEventId: lastEventId as string, onGap: 'now' }),
    ),
  )
  const position = (merged as any)['~position']
  const next = merged.next()
  await settle()
  const passed = [position.takeGap(), position.takeGap(), position.takeGap()]
  expect(passed.map((entry) => entry?.gap.reason)).toEqual(['trimmed', 'trimmed', undefined])
  await publish(one.channel, 6)
  expect(await next).toEqual({ done: false, value: { n: 6 } })
  await merged.return()

  const several = publisher.subscribe([one.channel, two.channel], { lastEventId: 'gone', onGap: 'now' })
  await several.ready
  const gaps = [several['~position'].takeGap?.(), several['~position'].takeGap?.()]
  expect(gaps.map((entry) => [entry?.gap.channel, entry?.gap.lastEventId])).toEqual([
    [one.channel, 'gone'],
    [two.channel, 'gone'],
  ])
  expect(gaps[0]?.after).toBeUndefined()
  expect(gaps[1]?.after).toBe(several['~position'].cursor())
  await several.return()
})

test('what a callback decides holds for each of several channels', async () => {
  const [one, two] = [await trimmedChannel(), await trimmedChannel()]
  const seen: unknown[] = []
  const subscription = publisher.subscribe([one.channel, two.channel], {
    lastEventId: 'gone',
    onGap: ({ channel, lastEventId }) => {
      seen.push([channel, lastEventId])
      return channel === one.channel ? 'oldest' : 'now'
    },
  })
  const events = await take(subscription, 2)
  expect(events).toEqual([4, 5].map((n) => ({ channel: one.channel, event: { n } })))
  expect(seen).toEqual([
    [one.channel, 'gone'],
    [two.channel, 'gone'],
  ])
  await subscription.return()
})

test('an event that was read before rights ended is not written after', async () => {
  const { channel } = await trimmedChannel()
  const rights = new AbortController()
  const [mapping, mapped] = [gate(), gate()]
  const stream = os.handler(() =>
    mapEvents(publisher.subscribe(channel, { from: 'start', signal: rights.signal }), async (event) => {
      mapping.open()
      await mapped.opened
      return event
    }),
  )
  const { client } = await serve({ stream })
  const events = await client.stream()
  const failed = rejection(events.next())
  await mapping.opened
  rights.abort(new Error('revoked'))
  mapped.open()
  expect(await failed).toMatchObject({ code: 'INTERNAL_SERVER_ERROR' })
})
