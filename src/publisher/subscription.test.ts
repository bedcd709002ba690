import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ControlledLog } from '../../test/tools/controlled-log.ts'
import { later, outcome, rejection, settle, take } from '../../test/tools/probes.ts'
import { getEventMeta } from '../event/event-meta.ts'
import { MemoryLog } from './memory-log.ts'
import { formatId, NO_TAG, parseId } from './position.ts'
import { Publisher } from './publisher.ts'

type Events = Record<string, any>

let memory: MemoryLog
let log: ControlledLog
let publisher: Publisher<Events>
let other: Publisher<Events>

beforeEach(() => {
  memory = new MemoryLog()
  log = new ControlledLog(memory)
  publisher = new Publisher<Events>(log, { retention: { events: 5000 }, onError: () => {} })
  other = new Publisher<Events>(memory, { retention: { events: 5000 } })
})

afterEach(async () => {
  await Promise.all([publisher.close(), other.close()])
  await memory.close()
})

const numbers = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, n) => from + n)

/** Publishes the numbers in order; gives the id of each by its number. */
async function publishNumbers(
  from: number,
  to: number,
  by: Publisher<Events> = publisher,
): Promise<Map<number, string>> {
  const results = await Promise.all(numbers(from, to).map((n) => by.publish('c', n)))
  return new Map(results.map(({ id }, index) => [from + index, id]))
}

/** A channel of which only the newest three of six events are left, and the ids of all. */
async function trimmedChannel(): Promise<Map<number, string>> {
  const forgetful = new Publisher<Events>(memory, { retention: { events: 3 } })
  const ids = await publishNumbers(1, 6, forgetful)
  await forgetful.close()
  return ids
}

describe('a subscription begins', () => {
  test.each([
    ['while its reader starts', async () => {}],
    ['on a running reader', () => publisher.subscribe('c').ready],
    [
      'on a reader whose tail has events',
      async () => {
        await publisher.subscribe('c').ready
        await publishNumbers(-3, -1)
      },
    ],
  ])('at the call, %s: what is published next in the same tick is in it', async (_, prepare) => {
    await prepare()
    await publisher.publish('c', 'before')
    const subscription = publisher.subscribe('c')
    const calls = [publisher.publish('c', 1), publisher.publish('c', 2)]
    expect(await take(subscription, 2)).toEqual([1, 2])
    await Promise.all(calls)
  })

  test('at the call and not at the first next()', async () => {
    const subscription = publisher.subscribe('c')
    await publishNumbers(1, 3)
    await publishNumbers(4, 5, other)
    expect(await take(subscription, 5)).toEqual(numbers(1, 5))
  })

  test('with the oldest event that is kept, and passes from history to live without a seam', async () => {
    await trimmedChannel()
    const subscription = publisher.subscribe('c', { from: 'start' })
    const live = publishNumbers(7, 9)
    expect(await take(subscription, 6)).toEqual(numbers(4, 9))
    await live
  })

  test.each([
    ['the oldest event', { from: 'start' }],
    ['what is left after a gap', { lastEventId: 'gone', onGap: 'oldest' }],
  ] as const)('with %s and waits for the first one where nothing is left', async (_, options) => {
    const forgetful = new Publisher<Events>(memory, { retention: { events: 0 } })
    await publishNumbers(1, 3, forgetful)
    const subscription = publisher.subscribe('c', options)
    const pending = later(subscription.next())
    expect(await outcome(pending)).toBe('pending')
    expect(log.calls.read).toBeLessThanOrEqual(2)
    await publishNumbers(4, 4)
    expect((await pending).value).toBe(4)
    await forgetful.close()
  })

  test('with history longer than a page', async () => {
    await publishNumbers(1, 700)
    const subscription = publisher.subscribe('c', { from: 'start' })
    expect(await take(subscription, 700)).toEqual(numbers(1, 700))
    await publishNumbers(701, 701, other)
    expect(await take(subscription, 1)).toEqual([701])
  })

  test.each([1, 2, 255, 256, 257, 512, 599, 600])('behind event %i of 600 when that is the last id', async (last) => {
    const ids = await publishNumbers(1, 600)
    const subscription = publisher.subscribe('c', { lastEventId: ids.get(last), from: 'start' })
    await publishNumbers(601, 602)
    expect(await take(subscription, 602 - last)).toEqual(numbers(last + 1, 602))
  })

  test('behind an event that is still on the tail, without reading the log', async () => {
    await publisher.subscribe('c').ready
    const ids = await publishNumbers(1, 600)
    await settle()
    const { read } = log.calls
    for (const last of [1, 300, 599]) {
      const subscription = publisher.subscribe('c', { lastEventId: ids.get(last) })
      expect(await take(subscription, 600 - last)).toEqual(numbers(last + 1, 600))
    }
    expect(log.calls.read).toBe(read)
  })

  test('where `ready` says, from which another can begin too', async () => {
    const ids = await publishNumbers(1, 3)
    const expected = [
      { options: {}, rest: [4, 5] },
      { options: { from: 'start' as const }, rest: [1, 2, 3, 4, 5] },
      { options: { lastEventId: ids.get(2) }, rest: [3, 4, 5] },
    ]
    const places = expected.map(({ options }) => publisher.subscribe('c', options).ready)
    const begun = await Promise.all(places)
    await publishNumbers(4, 5)
    for (const [index, { rest }] of expected.entries()) {
      const subscription = other.subscribe('c', { lastEventId: begun[index] })
      expect(await take(subscription, rest.length)).toEqual(rest)
    }
    expect(begun[2]).toBe(ids.get(2))
  })
})

describe('a gap', () => {
  test.each(['', '42', 'no id', 'abc:1', 'ABC:1:x', `abc:${'9'.repeat(30)}:x`])(
    'is told for an id that is none of ours, with the id as it was sent: %j',
    async (lastEventId) => {
      const ids = await publishNumbers(1, 2)
      const { epoch } = parseId(ids.get(2) as string) as { epoch: string }
      expect(await rejection(publisher.subscribe('c', { lastEventId }).next())).toMatchObject({
        code: 'EVENT_GAP',
        data: { reason: 'epoch', lastEventId, oldest: `${epoch}:0:${NO_TAG}`, head: ids.get(2) },
      })
    },
  )

  test('is told for an id of another channel, of another log, of the future and with a forged tag', async () => {
    const place = parseId((await publishNumbers(1, 2)).get(2) as string) as NonNullable<ReturnType<typeof parseId>>
    const elsewhere = (await publisher.publish('d', 1)).id
    const strangers = [
      elsewhere,
      formatId({ ...place, epoch: 'other' }),
      formatId({ ...place, offset: 3 }),
      formatId({ ...place, tag: 'forged' }),
    ]
    for (const keeper of [undefined, publisher.subscribe('c', { from: 'start' })]) {
      await keeper?.next()
      for (const lastEventId of strangers) {
        const error = await rejection(publisher.subscribe('c', { lastEventId }).next())
        expect(error).toMatchObject({ code: 'EVENT_GAP', data: { reason: 'epoch', lastEventId } })
      }
    }
  })

  test('names the places from which all that is left, or only what is to come, can be had', async () => {
    const ids = await trimmedChannel()
    const gap = await rejection(publisher.subscribe('c', { lastEventId: ids.get(2) }).next())
    expect(gap).toMatchObject({ code: 'EVENT_GAP', status: 410 })
    expect(gap.data).toMatchObject({ reason: 'trimmed', lastEventId: ids.get(2), head: ids.get(6) })
    const left = publisher.subscribe('c', { lastEventId: gap.data.oldest })
    const coming = publisher.subscribe('c', { lastEventId: gap.data.head })
    await Promise.all([left.ready, coming.ready])
    await publishNumbers(7, 8)
    expect(await take(left, 5)).toEqual([4, 5, 6, 7, 8])
    expect(await take(coming, 2)).toEqual([7, 8])
  })

  test('is none when the first event that is missing is the first that is left', async () => {
    const ids = await trimmedChannel()
    expect(await take(publisher.subscribe('c', { lastEventId: ids.get(3) }), 3)).toEqual([4, 5, 6])
  })

  test('is final and told by `ready` too', async () => {
    const subscription = publisher.subscribe('c', { lastEventId: 'gone' })
    const told = await rejection(subscription.ready)
    expect(await rejection(subscription.next())).toBe(told)
    expect(await subscription.next()).toEqual({ done: true, value: undefined })
  })

  test.each([
    ['oldest', 'trimmed', [4, 5, 6, 7]],
    ['now', 'trimmed', [7]],
    ['oldest', 'epoch', [4, 5, 6, 7]],
    ['now', 'epoch', [7]],
  ] as const)('is passed over as onGap says: %s after %s', async (onGap, reason, expected) => {
    const ids = await trimmedChannel()
    const lastEventId = reason === 'trimmed' ? ids.get(1) : 'gone'
    const subscription = publisher.subscribe('c', { lastEventId, onGap })
    await subscription.ready
    await publishNumbers(7, 7)
    expect(await take(subscription, expected.length)).toEqual(expected)
  })
})

describe('a slow subscriber', () => {
  test('that falls off the tail catches up from the log, without hole or repeat, and is live again', async () => {
    const slow = publisher.subscribe('c')
    await publishNumbers(1, 2)
    expect(await take(slow, 1)).toEqual([1])
    await publishNumbers(3, 1500)
    const { read } = log.calls
    expect(await take(slow, 1000)).toEqual(numbers(2, 1001))
    expect(log.calls.read).toBeGreaterThan(read)
    await publishNumbers(1501, 3000)
    expect(await take(slow, 1999)).toEqual(numbers(1002, 3000))
    await settle()
    const caughtUp = log.calls.read
    await publishNumbers(3001, 3001)
    expect(await take(slow, 1)).toEqual([3001])
    expect(log.calls.read - caughtUp).toBeLessThanOrEqual(1)
  })

  test('falls off by bytes as well, and loses nothing by it', async () => {
    const slow = publisher.subscribe('c')
    const text = 'x'.repeat(100_000)
    const results = await Promise.all(numbers(1, 30).map((n) => publisher.publish('c', { n, text })))
    const { read } = log.calls
    const events = await take(slow, 30)
    expect(events.map((event) => [event.n, getEventMeta(event)?.id])).toEqual(results.map(({ id }, n) => [n + 1, id]))
    expect(log.calls.read).toBeGreaterThan(read)
  })

  test('does not hold up its neighbour', async () => {
    const [slow, quick] = [publisher.subscribe('c'), publisher.subscribe('c')]
    const pending = later(slow.next())
    await publishNumbers(1, 10)
    expect(await take(quick, 10)).toEqual(numbers(1, 10))
    expect(await outcome(pending)).toEqual({ value: { done: false, value: 1 } })
  })
})
