import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ControlledLog } from '../../test/tools/controlled-log.ts'
import { later, outcome, rejection, settle, take } from '../../test/tools/probes.ts'
import { getEventMeta } from '../event/event-meta.ts'
import type { CustomSerializer } from '../wire/serializer.ts'
import { MemoryLog } from './memory-log.ts'
import { Publisher } from './publisher.ts'

type Events = Record<string, any>

let memory: MemoryLog
let log: ControlledLog
let publisher: Publisher<Events>
let other: Publisher<Events>

beforeEach(() => {
  memory = new MemoryLog()
  log = new ControlledLog(memory)
  publisher = new Publisher<Events>(log)
  // As another process: all it shares is the log.
  other = new Publisher<Events>(new ControlledLog(memory))
})

afterEach(async () => {
  await Promise.all([publisher.close(), other.close()])
  await memory.close()
})

const ids = (events: readonly object[]): (string | undefined)[] => events.map((event) => getEventMeta(event)?.id)

describe('publishing', () => {
  test('keeps the order of the calls, awaited or not, in few appends', async () => {
    const subscription = publisher.subscribe('c')
    const results = Array.from({ length: 200 }, (_, n) => publisher.publish('c', { n }))
    const events = await take(subscription, 200)
    expect(events.map(({ n }) => n)).toEqual(Array.from({ length: 200 }, (_, n) => n))
    expect(ids(events)).toEqual((await Promise.all(results)).map(({ id }) => id))
    expect(log.calls.append).toBeLessThanOrEqual(3)
  })

  test('keeps the order of calls with and without keys', async () => {
    const subscription = other.subscribe('c')
    await subscription.ready
    const results = Array.from({ length: 200 }, (_, n) =>
      publisher.publish('c', { n }, n % 7 === 3 ? { idempotencyKey: `k${n}` } : {}),
    )
    const events = await take(subscription, 200)
    expect(events.map(({ n }) => n)).toEqual(Array.from({ length: 200 }, (_, n) => n))
    expect(ids(events)).toEqual((await Promise.all(results)).map(({ id }) => id))
  })

  test('with a key that was used shows subscribers nothing new, whichever process does it', async () => {
    const subscription = publisher.subscribe('c')
    const first = await publisher.publish('c', { n: 1 }, { idempotencyKey: 'k' })
    const again = await publisher.publish('c', { n: 1 }, { idempotencyKey: 'k' })
    const elsewhere = await other.publish('c', { n: 1 }, { idempotencyKey: 'k' })
    const next = await publisher.publish('c', { n: 2 })
    expect(first.duplicate).toBe(false)
    expect([again, elsewhere]).toEqual(Array(2).fill({ id: first.id, duplicate: true }))
    expect(ids(await take(subscription, 2))).toEqual([first.id, next.id])
  })

  test('encodes at the call: what is done to the object later changes nothing', async () => {
    const subscription = publisher.subscribe('c')
    const event = { text: 'hi', list: [1], at: new Date(5) }
    const calls = [publisher.publish('c', event)]
    event.text = 'changed'
    event.list.push(2)
    event.at.setTime(99)
    calls.push(publisher.publish('c', event))
    await Promise.all(calls)
    expect(await take(subscription, 2)).toEqual([
      { text: 'hi', list: [1], at: new Date(5) },
      { text: 'changed', list: [1, 2], at: new Date(99) },
    ])
  })

  test("never freezes, marks or hands out the publisher's own object", async () => {
    const subscription = publisher.subscribe('c')
    const event = { text: 'hi', deep: { er: [1] } }
    await publisher.publish('c', event)
    const [seen] = await take(subscription, 1)
    expect(seen).toEqual(event)
    expect(seen).not.toBe(event)
    expect([event, event.deep, event.deep.er].some(Object.isFrozen)).toBe(false)
    expect(getEventMeta(event)).toBeUndefined()
  })

  test('refuses what cannot be encoded and goes on', async () => {
    const subscription = publisher.subscribe('c')
    const circular: { self?: unknown } = {}
    circular.self = circular
    const refused = [circular, new Blob(['file'])].map((event) => later(publisher.publish('c', event)))
    const { id } = await publisher.publish('c', { n: 1 })
    for (const call of refused) expect(await rejection(call)).toBeInstanceOf(TypeError)
    expect(ids(await take(subscription, 1))).toEqual([id])
  })

  test('rejects with what the log says, and the next event follows without a hole', async () => {
    const subscription = publisher.subscribe('c')
    await subscription.ready
    const error = new Error('Disk full')
    log.fail('append', error, 1)
    expect(await rejection(publisher.publish('c', { n: 1 }))).toBe(error)
    const { id } = await publisher.publish('c', { n: 2 })
    expect(ids(await take(subscription, 1))).toEqual([id])
  })

  test('keeps 300 seconds and 10,000 events of a channel if nothing else is said', async () => {
    let now = 0
    const timed = new MemoryLog({ now: () => now })
    const byDefault = new Publisher<Events>(timed)
    await Promise.all(Array.from({ length: 10_001 }, (_, n) => byDefault.publish('c', n)))
    const [head] = await timed.heads(['c'])
    expect(head).toMatchObject({ position: { offset: 10_001 }, trimmed: 1 })
    now = 300_000 - 1
    expect((await timed.heads(['c']))[0]?.trimmed).toBe(1)
    now = 300_000
    expect((await timed.heads(['c']))[0]?.trimmed).toBe(10_001)
    await Promise.all([byDefault.close(), timed.close()])
  })

  test('does not wait for subscribers, however many do not read', async () => {
    const stalled = Array.from({ length: 1000 }, () => publisher.subscribe('c'))
    await Promise.all(stalled.map(({ ready }) => ready))
    const call = publisher.publish('c', 1)
    expect(await outcome(call)).toHaveProperty('value')
  })
})

describe('an event', () => {
  test('of plain JSON is frozen and the same object for all subscribers of a process', async () => {
    const subscriptions = [publisher.subscribe('c'), publisher.subscribe('c')]
    await publisher.publish('c', { deep: { er: [1] } })
    const [first, second] = (await Promise.all(subscriptions.map((subscription) => take(subscription, 1)))).flat()
    expect(first).toBe(second)
    for (const part of [first, first.deep, first.deep.er]) expect(Object.isFrozen(part)).toBe(true)
  })

  test('that freezing cannot protect is decoded for each subscriber', async () => {
    const subscriptions = [publisher.subscribe('c'), publisher.subscribe('c')]
    const { id } = await publisher.publish('c', { at: new Date(5), map: new Map([['a', 1]]) })
    const [first, second] = (await Promise.all(subscriptions.map((subscription) => take(subscription, 1)))).flat()
    first.at.setTime(99)
    first.map.clear()
    expect(second).toEqual({ at: new Date(5), map: new Map([['a', 1]]) })
    expect(ids([first, second])).toEqual([id, id])
  })

  test("may carry types of the user's own between processes that know them", async () => {
    const customSerializers: CustomSerializer[] = [
      {
        type: 20,
        condition: (value) => value instanceof URLSearchParams,
        serialize: String,
        deserialize: (text) => new URLSearchParams(text),
      },
    ]
    const [from, to] = [
      new Publisher<Events>(memory, { customSerializers }),
      new Publisher<Events>(memory, { customSerializers }),
    ]
    const subscription = to.subscribe('c')
    await subscription.ready
    await from.publish('c', new URLSearchParams('a=1'))
    expect(String((await take(subscription, 1))[0])).toBe('a=1')
    await Promise.all([from.close(), to.close()])
  })

  test('comes with one id, whichever process and path it comes by', async () => {
    const live = [publisher.subscribe('c'), other.subscribe('c')]
    await Promise.all(live.map(({ ready }) => ready))
    const { id } = await publisher.publish('c', { n: 1 })
    const later = [publisher.subscribe('c', { from: 'start' }), other.subscribe('c', { from: 'start' })]
    const seen = await Promise.all([...live, ...later].map((subscription) => take(subscription, 1)))
    expect(ids(seen.flat())).toEqual([id, id, id, id])
  })
})

describe('one process', () => {
  test('reads the log once per wake-up for 1,000 subscribers of a channel', async () => {
    const subscriptions = Array.from({ length: 1000 }, () => publisher.subscribe('c'))
    await Promise.all(subscriptions.map(({ ready }) => ready))
    expect(log.calls).toMatchObject({ watch: 1, add: 1, heads: 1, read: 0 })
    for (let wakes = 1; wakes <= 3; wakes++) {
      const { id } = await other.publish('c', { wakes })
      const events = await Promise.all(subscriptions.map((subscription) => take(subscription, 1)))
      expect(new Set(ids(events.flat()))).toEqual(new Set([id]))
      await settle()
      expect(log.calls.read).toBe(wakes)
    }
  })

  test('reads nothing for 1,000 subscribers who resume where its tail reaches back to', async () => {
    const keeper = publisher.subscribe('c')
    const { id: lastEventId } = await publisher.publish('c', 0)
    await publisher.publish('c', 1)
    await take(keeper, 2)
    await settle()
    const reads = log.calls.read
    const subscriptions = Array.from({ length: 1000 }, () => publisher.subscribe('c', { lastEventId }))
    const events = await Promise.all(subscriptions.map((subscription) => take(subscription, 1)))
    expect(new Set(events.flat())).toEqual(new Set([1]))
    expect(log.calls.read).toBe(reads)
  })

  test('has one watch for all its channels, which do not mix', async () => {
    const subscriptions = ['a', 'b', 'c'].map((channel) => publisher.subscribe(channel))
    await Promise.all(subscriptions.map(({ ready }) => ready))
    for (const channel of ['b', 'c', 'a']) await other.publish(channel, channel)
    const events = await Promise.all(subscriptions.map((subscription) => take(subscription, 1)))
    expect(events.flat()).toEqual(['a', 'b', 'c'])
    expect(log.calls).toMatchObject({ watch: 1, add: 3 })
  })

  test('looks at all its channels when a wake-up does not say which', async () => {
    const subscriptions = ['a', 'b'].map((channel) => publisher.subscribe(channel))
    await Promise.all(subscriptions.map(({ ready }) => ready))
    log.isDeaf = true
    for (const channel of ['b', 'a']) await other.publish(channel, channel)
    const pending = subscriptions.map((subscription) => later(subscription.next()))
    expect(await outcome(Promise.race(pending))).toBe('pending')
    log.isDeaf = false
    log.wake()
    expect((await Promise.all(pending)).map(({ value }) => value)).toEqual(['a', 'b'])
  })

  test('takes wake-ups that are spurious or for other channels as they are', async () => {
    const subscription = publisher.subscribe('c')
    await subscription.ready
    for (const channel of ['c', 'c', 'x', undefined]) log.wake(channel)
    await settle()
    await other.publish('c', 1)
    expect(await take(subscription, 1)).toEqual([1])
  })
})
