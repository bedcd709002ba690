import { RPCError } from '../../src/core/error.ts'
import type { EventGapData, GapPolicy } from '../../src/event/event-gap.ts'
import type { EventSource } from '../../src/event/event-iterator.ts'
import { filterEvents, mapEvents } from '../../src/event/map-events.ts'
import { mergeEvents } from '../../src/event/merge-events.ts'
import { batchEvents } from '../../src/event/timed-events.ts'
import { MemoryLog } from '../../src/publisher/memory-log.ts'
import { Publisher } from '../../src/publisher/publisher.ts'
import { os } from '../../src/server/builder.ts'

type Item = { readonly n: number }

interface GapInput {
  readonly channel: string
  readonly onGap: GapPolicy
}

/** Streams over a channel of which only the two newest events are kept. */
export function createGapRouter(): Record<string, any> {
  const log = new MemoryLog()
  const publisher = new Publisher<{ [channel: string]: Item }>(log, { retention: { events: 2 } })
  /** As another process: its reader holds nothing that the log has trimmed. */
  const elsewhere = new Publisher<{ [channel: string]: Item }>(log)
  const stream = (make: (source: EventSource<Item, void>) => EventSource<unknown, unknown>) =>
    os.handler(({ input, signal, lastEventId }) => {
      const { channel, onGap } = input as GapInput
      return make(publisher.subscribe(channel, { signal, lastEventId, onGap }))
    })
  const several = os.handler(({ input, signal, lastEventId }) => {
    const { channel, onGap } = input as GapInput
    return publisher.subscribe([channel, `${channel}-quiet`], { signal, lastEventId, onGap })
  })
  return {
    publish: os.handler(({ input }) => {
      const { channel, n } = input as { readonly channel: string; readonly n: number }
      return publisher.publish(channel, { n })
    }),
    /** Where a stream of both channels begins now. */
    place: os.handler(async ({ input }) => {
      const both = elsewhere.subscribe([`${input}`, `${input}-quiet`])
      const place = await both.ready
      await both.return()
      return place
    }),
    whole: stream((source) => source),
    mapped: stream((source) => mapEvents(source, async ({ n }) => ({ n: n * 10 }))),
    filtered: stream((source) => filterEvents(source, ({ n }) => n % 2 === 1)),
    batched: stream((source) => batchEvents(source, { size: 10 })),
    merged: stream((source) => mergeEvents(source)),
    several,
    resolute: os.handler(({ input, signal, lastEventId }) =>
      publisher.subscribe(`${input}`, {
        signal,
        lastEventId,
        onGap: async ({ reason }) => (reason === 'trimmed' ? 'oldest' : 'fail'),
      }),
    ),
  }
}

export interface GapBench {
  /** The client of a `createGapRouter`: what it gives is compared, not typed. */
  readonly client: any
  /** A name that no other check uses. */
  readonly name: string
  /** Cuts the connection that is open. */
  cut(): void
}

export interface GapCheck {
  readonly name: string
  /** Between peers that speak `headwater.1`, or that do not. */
  readonly plain?: true
  run(bench: GapBench): Promise<void>
}

/** What comes behind the gap of a channel with 5 events, resumed after the first. */
const BEHIND: Readonly<Record<string, readonly unknown[]>> = {
  whole: [{ n: 4 }, { n: 5 }],
  mapped: [{ n: 40 }, { n: 50 }],
  filtered: [{ n: 5 }],
  batched: [[{ n: 4 }, { n: 5 }]],
  merged: [{ n: 4 }, { n: 5 }],
}

export const gapChecks: readonly GapCheck[] = [
  ...Object.entries(BEHIND).map(([kind, events]) => ({
    name: `a stream that goes on over a gap says so before the events behind it (${kind})`,
    async run({ client, name }: GapBench) {
      const { first, oldest, head } = await publishFive(client, name)
      const trace: unknown[] = []
      const stream = await client[kind](
        { channel: name, onGap: 'oldest' },
        { lastEventId: first, onGap: (gap: EventGapData) => trace.push(gap) },
      )
      for (const _ of events) trace.push((await stream.next()).value)
      await stream.return()
      equal(trace, [{ reason: 'trimmed', lastEventId: first, oldest, head }, ...events])
    },
  })),
  {
    name: 'a stream that goes on with new events says so, whether one comes or not, and once over cuts',
    async run({ client, name, cut }) {
      const { first } = await publishFive(client, name)
      const gaps: EventGapData[] = []
      const told = withResolvers()
      const stream = await client.whole(
        { channel: name, onGap: 'now' },
        {
          lastEventId: first,
          onGap: (gap: EventGapData) => {
            gaps.push(gap)
            told.resolve()
          },
        },
      )
      const next = stream.next()
      await told.promise
      cut()
      // Over HTTP the connection for this may be one that was cut.
      await client.publish({ channel: name, n: 6 }).catch(() => client.publish({ channel: name, n: 6 }))
      equal((await next).value, { n: 6 })
      await stream.return()
      equal(
        gaps.map(({ reason, lastEventId }) => [reason, lastEventId]),
        [['trimmed', first]],
      )
    },
  },
  {
    name: 'the gap of one of several channels is told with its channel and places in all of them',
    async run({ client, name }) {
      const both = await client.place(name)
      await publishFive(client, name)
      const gaps: EventGapData[] = []
      const options = { lastEventId: both, onGap: (gap: EventGapData) => gaps.push(gap) }
      const stream = await client.several({ channel: name, onGap: 'oldest' }, options)
      equal([(await stream.next()).value.event, (await stream.next()).value.event], [{ n: 4 }, { n: 5 }])
      await stream.return()
      const [gap] = gaps
      equal([gaps.length, gap?.channel, gap?.lastEventId], [1, name, both])
      const after = await client.several({ channel: name, onGap: 'fail' }, { lastEventId: gap?.oldest })
      equal((await after.next()).value.event, { n: 4 })
      await after.return()
    },
  },
  {
    name: 'the server can decide with the gap at hand',
    async run({ client, name }) {
      const { first } = await publishFive(client, name)
      const gaps: EventGapData[] = []
      const stream = await client.resolute(name, { lastEventId: first, onGap: (gap: EventGapData) => gaps.push(gap) })
      equal([(await stream.next()).value, gaps.length], [{ n: 4 }, 1])
      await stream.return()
      const error = await failure((await client.resolute(name, { lastEventId: 'gone' })).next())
      equal([error.code, (error.data as EventGapData).reason], ['EVENT_GAP', 'epoch'])
    },
  },
  {
    name: 'what onGap throws fails the stream',
    async run({ client, name }) {
      const { first } = await publishFive(client, name)
      const stream = await client.whole(
        { channel: name, onGap: 'oldest' },
        {
          lastEventId: first,
          onGap: () => {
            throw new RPCError('GONE', { status: 410 })
          },
        },
      )
      equal((await failure(stream.next())).code, 'GONE')
    },
  },
  {
    name: 'a gap that the server does not go on over ends the stream',
    async run({ client, name }) {
      const { first, oldest, head } = await publishFive(client, name)
      const stream = await client.whole({ channel: name, onGap: 'fail' }, { lastEventId: first })
      const { code, data } = await failure(stream.next())
      equal([code, data], ['EVENT_GAP', { reason: 'trimmed', lastEventId: first, oldest, head }])
    },
  },
  {
    name: 'a client that cannot be told of a gap gets it as an error, whatever the server would do',
    plain: true,
    async run({ client, name }) {
      const { first, oldest, head } = await publishFive(client, name)
      const stream = await client.whole({ channel: name, onGap: 'oldest' }, { lastEventId: first })
      const { code, data } = await failure(stream.next())
      equal([code, data], ['EVENT_GAP', { reason: 'trimmed', lastEventId: first, oldest, head }])
    },
  },
]

async function publishFive(client: any, channel: string) {
  const ids: string[] = []
  for (let n = 1; n <= 5; n++) ids.push((await client.publish({ channel, n })).id)
  const [first = '', , third = '', , head = ''] = ids
  return { first, head, oldest: `${third.split(':').slice(0, 2).join(':')}:-` }
}

function withResolvers(): { readonly promise: Promise<void>; resolve(): void } {
  let resolve = (): void => {}
  const promise = new Promise<void>((settle) => {
    resolve = settle
  })
  return { promise, resolve: () => resolve() }
}

/** Deep, and blind to the order of keys. */
function equal(actual: unknown, expected: unknown): void {
  const [one, two] = [actual, expected].map((value) => JSON.stringify(value, sortKeys))
  if (one !== two) throw new Error(`Expected ${two}, got ${one}`)
}

function sortKeys(_: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)))
}

async function failure(promise: Promise<unknown>): Promise<RPCError<string, unknown>> {
  const [result] = await Promise.allSettled([promise])
  if (result.status === 'fulfilled') throw new Error('Expected an error')
  return result.reason
}
