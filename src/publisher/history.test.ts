import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { ControlledLog } from '../../test/tools/controlled-log.ts'
import { later, outcome, rejection, settle, take } from '../../test/tools/probes.ts'
import { SparseLog } from '../../test/tools/sparse-log.ts'
import { getEventMeta } from '../event/event-meta.ts'
import { MemoryLog } from './memory-log.ts'
import { formatId, type Position, parseId } from './position.ts'
import { Publisher } from './publisher.ts'

type Events = Record<string, any>

let memory: MemoryLog
let log: ControlledLog
let publisher: Publisher<Events>
let ids: string[]

const EVENTS = 2000
const numbers = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, n) => from + n)

beforeEach(async () => {
  memory = new MemoryLog()
  log = new ControlledLog(memory)
  publisher = new Publisher<Events>(log)
  const elsewhere = new Publisher<Events>(memory)
  const results = await Promise.all(numbers(1, EVENTS).map((n) => elsewhere.publish('c', { n })))
  ids = results.map(({ id }) => id)
  await elsewhere.close()
})

afterEach(async () => {
  await publisher.close()
  await memory.close()
  vi.useRealTimers()
})

/** Resumes behind the n-th event. */
const resume = (n: number, options = {}) => publisher.subscribe('c', { lastEventId: ids[n - 1], ...options })

async function readRest(n: number): Promise<void> {
  const events = await take(resume(n), EVENTS - n)
  expect(events.map((event) => event.n)).toEqual(numbers(n + 1, EVENTS))
}

describe('those who resume at different places', () => {
  test.each([
    ['in order', (n: number) => n],
    ['in reverse', (n: number) => EVENTS + 1 - n],
    ['in any order', (n: number) => ((n * 7919) % EVENTS) + 1],
  ])('together read each page of the log about once: %s', async (_, order) => {
    await Promise.all(numbers(1, EVENTS - 1).map((n) => take(resume(order(n) % EVENTS || 1), 1)))
    expect(log.calls.read).toBeLessThanOrEqual(2 * Math.ceil(EVENTS / 256))
  })

  test('each get all that they missed, once and in order', async () => {
    await Promise.all([1, 255, 256, 257, 700, 1500, 1501, 1502, EVENTS - 1].map(readRest))
    expect(log.calls.read).toBeLessThanOrEqual(2 * Math.ceil(EVENTS / 256))
  })

  test('share the events themselves, decoded once', async () => {
    const [[one], [two]] = await Promise.all([take(resume(10), 1), take(resume(9), 2).then((all) => all.slice(1))])
    expect(one).toBe(two)
  })

  test('one after the other read what was read lately no more', async () => {
    await readRest(1)
    const { read } = log.calls
    await readRest(1)
    await readRest(300)
    expect(log.calls.read).toBe(read)
  })

  test('read the log again after half a minute: it may have trimmed what was read', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    await take(resume(1), 10)
    vi.setSystemTime(Date.now() + 30_000)
    const { read } = log.calls
    await take(resume(1), 10)
    expect(log.calls.read).toBe(read + 1)
  })

  test('and begin with the oldest event read it together too', async () => {
    const subscriptions = numbers(1, 50).map(() => publisher.subscribe('c', { from: 'start' }))
    for (const events of await Promise.all(subscriptions.map((each) => take(each, 300)))) {
      expect(events.map(({ n }) => n)).toEqual(numbers(1, 300))
    }
    expect(log.calls.read).toBe(2)
  })
})

describe('a place that is none of this history', () => {
  const foreign = (n: number): string => formatId({ ...(parseId(ids[n - 1] as string) as Position), tag: 'other' })

  test('is a gap although the page around it is at hand', async () => {
    await readRest(1)
    const gap = await rejection(publisher.subscribe('c', { lastEventId: foreign(100) }).next())
    expect(gap).toMatchObject({ code: 'EVENT_GAP', data: { reason: 'epoch', lastEventId: foreign(100) } })
  })

  test('is a gap for those alone who ask for it', async () => {
    const asked = [resume(101), publisher.subscribe('c', { lastEventId: foreign(100) }), resume(99)]
    const [one, gap, other] = await Promise.allSettled(asked.map((each) => take(each, 1)))
    expect(one).toMatchObject({ value: [{ n: 102 }] })
    expect(gap).toMatchObject({ reason: { code: 'EVENT_GAP' } })
    expect(other).toMatchObject({ value: [{ n: 100 }] })
  })
})

describe('where offsets have holes', () => {
  let counted: ControlledLog
  let sparse: Publisher<Events>
  let places: string[]

  beforeEach(async () => {
    counted = new ControlledLog(new SparseLog(memory))
    const before = new Publisher<Events>(counted)
    const all = await take(before.subscribe('c', { from: 'start' }), EVENTS)
    places = all.map((event) => getEventMeta(event)?.id as string)
    await before.close()
    counted.calls.read = 0
    sparse = new Publisher<Events>(counted)
  })

  afterEach(() => sparse.close())

  test('history and live are one', async () => {
    const by = new Publisher<Events>(new SparseLog(memory))
    const begins = [1, 2, 300, 301, 999, 1998]
    const subscriptions = begins.map((n) => sparse.subscribe('c', { lastEventId: places[n - 1] }))
    await Promise.all(subscriptions.map(({ ready }) => ready))
    await by.publish('c', { n: EVENTS + 1 })
    await sparse.publish('c', { n: EVENTS + 2 })
    for (const [index, n] of begins.entries()) {
      const rest = await take(subscriptions[index] as never, EVENTS + 2 - n)
      expect(rest.map((event: any) => event.n)).toEqual(numbers(n + 1, EVENTS + 2))
    }
    await by.close()
  })

  test('those who resume at different places read each page about once too', async () => {
    const inReverse = places.slice(0, -1).reverse()
    await Promise.all(inReverse.map((lastEventId) => take(sparse.subscribe('c', { lastEventId }), 1)))
    expect(counted.calls.read).toBeLessThanOrEqual(4 * Math.ceil(EVENTS / 256))
  })
})

describe('who leaves while history is read', () => {
  test('takes nobody with them', async () => {
    const controller = new AbortController()
    const hold = log.hold('read')
    const [leaving, staying] = [resume(1, { signal: controller.signal }), resume(2)]
    const pending = [later(leaving.next()), later(staying.next())]
    await settle()
    controller.abort(new Error('left'))
    hold.release()
    expect(await Promise.allSettled(pending)).toMatchObject([
      { reason: { message: 'left' } },
      { value: { value: { n: 3 } } },
    ])
  })

  test('as the last one ends the reading, and the next one gets what it asks for', async () => {
    const controller = new AbortController()
    log.hold('read').abandon()
    const hold = log.hold('read')
    const pending = later(resume(1, { signal: controller.signal }).next())
    await settle()
    controller.abort(new Error('left'))
    hold.abandon()
    expect(await outcome(pending)).toMatchObject({ error: { message: 'left' } })
    expect(await outcome(take(resume(1), 1))).toEqual({ value: [{ n: 2 }] })
  })
})

test('a log that refuses the places it names ends in a gap, though onGap says to go on', async () => {
  const error = await rejection(publisher.subscribe('c', { lastEventId: 'gone' }).next())
  log.fail('read', error)
  expect(await rejection(publisher.subscribe('c', { lastEventId: 'gone', onGap: 'oldest' }).next())).toBe(error)
  expect(log.calls.read).toBeLessThan(20)
})
