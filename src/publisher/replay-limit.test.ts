import { beforeEach, describe, expect, test } from 'vitest'
import { outcome, rejection, take } from '../../test/tools/probes.ts'
import { memory, other, publisher, useTwoPublishers } from '../../test/tools/two-publishers.ts'
import { Publisher } from './publisher.ts'

useTwoPublishers()

const ids: string[] = []
const idOf = (n: number): string => ids[n - 1] as string

beforeEach(async () => {
  ids.length = 0
  for (const n of [1, 2, 3, 4, 5]) ids.push((await other.publish('c', n)).id)
})

describe('notBefore', () => {
  test('is where a subscriber begins that asks for all', async () => {
    expect(await take(publisher.subscribe('c', { from: 'start', notBefore: idOf(3) }), 2)).toEqual([4, 5])
  })

  test('is no gap where its place has been trimmed: such a subscriber begins with the oldest event', async () => {
    const forgetful = new Publisher<Record<string, number>>(memory, { retention: { events: 2 } })
    await forgetful.publish('c', 6)
    const subscription = publisher.subscribe('c', { from: 'start', notBefore: idOf(1) })
    expect(await take(subscription, 2)).toEqual([5, 6])
    expect(subscription['~position'].takeGap?.()).toBeUndefined()
    await forgetful.close()
  })

  test('lets a subscriber resume after it', async () => {
    expect(await take(publisher.subscribe('c', { lastEventId: idOf(4), notBefore: idOf(3) }), 1)).toEqual([5])
    expect(await take(publisher.subscribe('c', { lastEventId: idOf(3), notBefore: idOf(3) }), 2)).toEqual([4, 5])
  })

  test.each(['lastEventId', 'from'])(
    'is a gap for an earlier %s, forged or not, that names no earlier place',
    async (option) => {
      const [epoch] = idOf(1).split(':')
      for (const id of [idOf(1), `${epoch}:1:forged`, `${epoch}:0:-`]) {
        const { code, data } = await rejection(publisher.subscribe('c', { [option]: id, notBefore: idOf(3) }).next())
        expect([code, data]).toEqual([
          'EVENT_GAP',
          { reason: 'trimmed', lastEventId: id, oldest: idOf(3), head: idOf(5) },
        ])
      }
    },
  )

  test('is where a subscriber goes on that wants the oldest event after a gap', async () => {
    for (const lastEventId of [idOf(1), 'gone', 'another:1:tag']) {
      const subscription = publisher.subscribe('c', { lastEventId, onGap: 'oldest', notBefore: idOf(3) })
      expect(await take(subscription, 2)).toEqual([4, 5])
      expect(subscription['~position'].takeGap?.()).toMatchObject({ gap: { lastEventId, oldest: idOf(3) } })
    }
  })

  test('also holds for events that are at hand', async () => {
    const live = publisher.subscribe('c', { from: 'start' })
    await take(live, 5)
    await publisher.publish('c', 6)
    const late = publisher.subscribe('c', { from: 'start', notBefore: await publisher.head('c') })
    const next = late.next()
    expect(await outcome(next)).toBe('pending')
    await publisher.publish('c', 7)
    expect(await next).toEqual({ done: false, value: 7 })
  })

  test('hides a state that is older', async () => {
    const live = publisher.subscribe('c', { latest: true })
    expect(await take(live, 1)).toEqual([5])
    const late = publisher.subscribe('c', { latest: true, notBefore: idOf(5) })
    const next = late.next()
    expect(await outcome(next)).toBe('pending')
    await publisher.publish('c', 6)
    expect(await next).toEqual({ done: false, value: 6 })
    expect(await take(publisher.subscribe('c', { latest: true, notBefore: idOf(4) }), 1)).toEqual([6])
  })

  test('of another history allows new events only', async () => {
    await memory.rotateEpoch('c')
    const from = await publisher.head('c')
    const [begun, resumed] = [
      publisher.subscribe('c', { from: 'start', notBefore: idOf(1) }),
      publisher.subscribe('c', { lastEventId: idOf(2), onGap: 'oldest', notBefore: idOf(1) }),
    ]
    expect([await begun.ready, await resumed.ready]).toEqual([from, from])
    await other.publish('c', 6)
    expect([await take(begun, 1), await take(resumed, 1)]).toEqual([[6], [6]])
  })

  test('holds when the history changes under a live subscriber', async () => {
    const subscription = publisher.subscribe('c', { onGap: 'oldest', notBefore: idOf(3) })
    await subscription.ready
    const next = subscription.next()
    await memory.rotateEpoch('c')
    expect(await outcome(next)).toBe('pending')
    await other.publish('c', 6)
    expect(await next).toEqual({ done: false, value: 6 })
  })

  test('is given for each of several channels', async () => {
    const first = await other.publish('d', 1)
    await other.publish('d', 2)
    const subscription = publisher.subscribe(['c', 'd'], {
      from: 'start',
      notBefore: { c: idOf(4), d: first.id },
    })
    const events = await take(subscription, 2)
    expect(events.map(({ channel, event }) => `${channel}${event}`).sort()).toEqual(['c5', 'd2'])
    expect(() => publisher.subscribe(['c', 'd'], { notBefore: { d: 'x' } })).toThrow(TypeError)
  })

  test('has to be an id', () => {
    expect(() => publisher.subscribe('c', { notBefore: 'yesterday' })).toThrow(TypeError)
  })
})
