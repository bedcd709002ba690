import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ControlledLog, type Hold } from '../../test/tools/controlled-log.ts'
import { outcome, settle } from '../../test/tools/probes.ts'
import { getEventMeta } from '../event/event-meta.ts'
import type { PublishResult } from './append-queue.ts'
import { MemoryLog } from './memory-log.ts'
import { parseId } from './position.ts'
import { Publisher } from './publisher.ts'
import type { Subscription } from './subscription.ts'

interface Event {
  readonly by: number
  /** Counts the events of a process in the order of its calls. */
  readonly n: number
}

type Step =
  | { readonly do: 'publish'; readonly by: number; readonly count: number; readonly keyed: boolean }
  | { readonly do: 'subscribe'; readonly by: number; readonly from: 'now' | 'start' | 'last'; readonly pick: number }
  | { readonly do: 'read'; readonly who: number; readonly count: number }
  | { readonly do: 'cancel'; readonly who: number }
  | { readonly do: 'hold'; readonly by: number; readonly operation: 'append' | 'read' | 'heads' }
  | { readonly do: 'release' }
  | { readonly do: 'settle' }
  | { readonly do: 'deafen' | 'hear'; readonly by: number }

const SEED = 20_261_007
const by = fc.nat({ max: 1 })
const who = fc.nat({ max: 20 })

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('publish'),
      by,
      count: fc.integer({ min: 1, max: 12 }),
      keyed: fc.boolean(),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('subscribe'),
      by,
      from: fc.constantFrom('now', 'start', 'last'),
      pick: fc.nat(),
    }),
  },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('read'), who, count: fc.integer({ min: 1, max: 15 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('cancel'), who }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('hold'), by, operation: fc.constantFrom('append', 'read', 'heads') }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('release', 'settle') }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('deafen', 'hear'), by }) },
) as fc.Arbitrary<Step>

const offsetOf = (id: string | undefined): number => parseId(id ?? '')?.offset ?? Number.NaN

/** What one subscriber has seen, and what it may expect. */
class Reader {
  readonly seen: { readonly offset: number; readonly event: Event }[] = []
  readonly ready: Promise<string | undefined>
  readonly stream: Subscription<Event>
  /** The start lies from the first to before the second of these events. */
  readonly notBefore: number
  notAfter: Promise<PublishResult> | undefined
  error: any
  isCancelled = false

  constructor(stream: Subscription<Event>, notBefore: number) {
    this.stream = stream
    this.notBefore = notBefore
    this.ready = stream.ready.catch(() => undefined)
  }

  async read(): Promise<boolean> {
    try {
      const { done, value } = await this.stream.next()
      if (!done) this.seen.push({ offset: offsetOf(getEventMeta(value)?.id), event: value as Event })
      return done !== true
    } catch (error) {
      this.error = error
      return false
    }
  }
}

class Process {
  readonly log: ControlledLog
  readonly publisher: Publisher<{ c: Event }>
  readonly #id: number
  #count = 0
  /** The newest offset that this process knows to be in the log. */
  acknowledged = 0
  readonly results: { readonly event: Event; readonly result: Promise<PublishResult> }[] = []
  /** Subscriptions that pinned their start and wait for the next publish. */
  readonly pinned: Reader[] = []

  constructor(id: number, memory: MemoryLog, events: number) {
    this.#id = id
    this.log = new ControlledLog(memory)
    this.publisher = new Publisher(this.log, { retention: { events } })
  }

  publish(keyed: boolean): void {
    const event = { by: this.#id, n: this.#count++ }
    const options = keyed ? { idempotencyKey: `${event.by}:${event.n}` } : {}
    const result = this.publisher.publish('c', event, options)
    void result.then(({ id }) => {
      this.acknowledged = Math.max(this.acknowledged, offsetOf(id))
    })
    for (const reader of this.pinned.splice(0)) reader.notAfter = result
    this.results.push({ event, result })
  }
}

async function play(steps: readonly Step[], kept: number): Promise<void> {
  const memory = new MemoryLog()
  const processes = [new Process(0, memory, kept), new Process(1, memory, kept)] as const
  const readers: { readonly reader: Reader; readonly from: string; readonly last: string | undefined }[] = []
  const holds: Hold[] = []
  const known: string[] = []
  const at = (index: number): Process => processes[index % 2] as Process

  for (const step of steps) {
    if (step.do === 'publish') {
      for (let left = step.count; left > 0; left--) at(step.by).publish(step.keyed && left === 1)
      void at(step.by)
        .results.at(-1)
        ?.result.then(({ id }) => known.push(id))
    } else if (step.do === 'subscribe') {
      const { publisher, acknowledged, pinned } = at(step.by)
      const last = step.from === 'last' ? known[step.pick % Math.max(known.length, 1)] : undefined
      const start = step.from === 'start' ? 'start' : 'now'
      const reader = new Reader(publisher.subscribe('c', { lastEventId: last, from: start }), acknowledged)
      if (step.from !== 'start' && last === undefined) pinned.push(reader)
      readers.push({ reader, last, from: last === undefined ? start : 'last' })
    } else if (step.do === 'read' || step.do === 'cancel') {
      const reader = readers[step.who % Math.max(readers.length, 1)]?.reader
      if (reader === undefined) continue
      if (step.do === 'read') for (let left = step.count; left > 0; left--) void reader.read()
      else {
        reader.isCancelled = true
        void reader.stream.return()
      }
    } else if (step.do === 'hold') holds.push(at(step.by).log.hold(step.operation))
    else if (step.do === 'release') holds.pop()?.release()
    else if (step.do === 'settle') await settle()
    else if (step.do === 'deafen') at(step.by).log.isDeaf = true
    else {
      at(step.by).log.isDeaf = false
      at(step.by).log.wake()
    }
  }

  for (const hold of holds) hold.release()
  for (const { log } of processes) log.isDeaf = false
  for (const { log } of processes) log.wake()
  const published = await Promise.all(
    processes.flatMap(({ results }) =>
      results.map(async ({ event, result }) => ({ event, offset: offsetOf((await result).id) })),
    ),
  )
  const history = published.sort((a, b) => a.offset - b.offset)
  await settle()

  // The log has every event once, those of each process in the order of its calls.
  expect(history.map(({ offset }) => offset)).toEqual(history.map((_, index) => index + 1))
  for (const id of [0, 1]) {
    const own = history.filter(({ event }) => event.by === id).map(({ event }) => event.n)
    expect(own).toEqual(own.map((_, index) => index))
  }
  for (const { reader, from, last } of readers) {
    for (let more = true; more; )
      more =
        (await outcome(reader.read().then((value) => value || undefined))) !== 'pending' &&
        reader.error === undefined &&
        !reader.isCancelled
    const { seen, error, isCancelled } = reader
    const begin = isCancelled ? (seen[0]?.offset ?? 1) - 1 : offsetOf((await reader.ready) ?? last)
    // Every record after the start, once and in order …
    expect(seen).toEqual(history.slice(begin, begin + seen.length).map(({ event, offset }) => ({ event, offset })))
    const end = begin + seen.length
    if (error !== undefined) {
      // … or a gap, which is the truth.
      expect(error).toMatchObject({ code: 'EVENT_GAP', data: { reason: 'trimmed' } })
      expect(offsetOf(error.data.lastEventId)).toBe(end)
      expect(offsetOf(error.data.oldest)).toBeGreaterThan(end)
      expect(offsetOf(error.data.oldest)).toBeLessThanOrEqual(history.length - kept)
    } else if (!isCancelled) expect(end).toBe(history.length)
    if (isCancelled) continue
    if (from === 'last') expect(begin).toBe(offsetOf(last))
    if (from === 'start') expect(begin).toBeLessThanOrEqual(Math.max(0, history.length - kept))
    if (from === 'now') {
      expect(begin).toBeGreaterThanOrEqual(reader.notBefore)
      if (reader.notAfter !== undefined) expect(begin).toBeLessThan(offsetOf((await reader.notAfter).id))
    }
  }
  await Promise.all(processes.map(({ publisher }) => publisher.close()))
  await memory.close()
}

test.each([3, 25, 10_000])(
  'every subscriber of two processes sees exactly the records after its start, in one order, or a gap: %i kept',
  async (kept) => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60 }), (steps) => play(steps, kept)),
      { seed: SEED + kept, numRuns: 150 },
    )
  },
  30_000,
)
