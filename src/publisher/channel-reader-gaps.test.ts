import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { later, outcome, rejection, settle, take } from '../../test/tools/probes.ts'
import { type Events, log, memory, other, publisher, useTwoPublishers } from '../../test/tools/two-publishers.ts'
import type { EventLog } from './event-log.ts'
import { MemoryLog } from './memory-log.ts'
import type { Position } from './position.ts'
import { Publisher } from './publisher.ts'

useTwoPublishers()

const numbers = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, n) => from + n)
const publishNumbers = (from: number, to: number, by: Publisher<Events>) =>
  Promise.all(numbers(from, to).map((n) => by.publish('c', n)))

async function live(options = {}) {
  const subscription = publisher.subscribe('c', options)
  await subscription.ready
  return subscription
}

const isPlace = (value: unknown): value is Position => typeof value === 'object'

/** A log whose epochs look alike, so that only tags tell its history from that of another. */
function underOneEpoch(inner: MemoryLog): EventLog {
  const outer = <Place extends Position>(place: Place): Place => ({ ...place, epoch: 'one' })
  return {
    capabilities: inner.capabilities,
    append: async (channel, records, options) => {
      const { first, last, duplicate, ...rest } = await inner.append(channel, records, options)
      const places = Object.entries(rest).map(([name, value]) => [name, isPlace(value) ? outer(value) : value])
      return { ...Object.fromEntries(places), first: outer(first), last: outer(last), duplicate }
    },
    read: async (channel, after, limit) => {
      const { epoch } = (await inner.read(channel, 'start', limit)).position
      const page = await inner.read(channel, after === 'start' ? after : { ...after, epoch }, limit)
      return { ...page, position: outer(page.position), through: outer(page.through) }
    },
    heads: async (channels) =>
      (await inner.heads(channels)).map((head) => ({ ...head, position: outer(head.position) })),
    watch: (wake) => inner.watch(wake),
    close: () => inner.close(),
  }
}

describe('when history is gone', () => {
  test('because the log was replaced, live subscribers get a gap with reason epoch and new ones go on', async () => {
    const subscriptions = [await live(), await live()]
    const { id } = await publisher.publish('c', 1)
    await Promise.all(subscriptions.map((subscription) => take(subscription, 1)))
    const fresh = new MemoryLog()
    await log.replace(fresh)
    const pending = subscriptions.map((subscription) => later(subscription.next()))
    const [first] = await publishNumbers(2, 2, publisher)
    for (const next of pending) {
      expect(await rejection(next)).toMatchObject({
        code: 'EVENT_GAP',
        data: { reason: 'epoch', lastEventId: id, head: first?.id },
      })
    }
    const subscription = publisher.subscribe('c')
    await publishNumbers(3, 3, publisher)
    expect(await take(subscription, 1)).toEqual([3])
    await fresh.close()
  })

  test('because the log was replaced, a page that was on its way is still whole and then comes the gap', async () => {
    await publishNumbers(1, 3, other)
    const hold = log.hold('read')
    const subscription = publisher.subscribe('c', { from: 'start' })
    const events = later(take(subscription, 3))
    await settle()
    const fresh = new MemoryLog()
    await log.replace(fresh)
    log.wake('c')
    hold.release()
    expect(await events).toEqual([1, 2, 3])
    const pending = later(subscription.next())
    await publishNumbers(1, 9, publisher)
    expect(await rejection(pending)).toMatchObject({ data: { reason: 'epoch' } })
    await fresh.close()
  })

  test.each([
    ['oldest', [11, 12, 13]],
    ['now', [13]],
  ] as const)('because the log was replaced, live subscribers go on as onGap says: %s', async (onGap, expected) => {
    const subscription = await live({ onGap })
    await publishNumbers(1, 1, publisher)
    await take(subscription, 1)
    const fresh = new MemoryLog()
    const survivor = new Publisher<Events>(fresh)
    await publishNumbers(11, 12, survivor)
    await log.replace(fresh)
    const events = later(take(subscription, expected.length))
    log.wake()
    await settle()
    await publishNumbers(13, 13, survivor)
    expect(await outcome(events)).toEqual({ value: expected })
    await Promise.all([survivor.close(), fresh.close()])
  })

  test('because the log was replaced, who begins after the first append to the new one gets no gap', async () => {
    await live()
    await publishNumbers(1, 1, publisher)
    const hold = log.hold('read')
    const fresh = new MemoryLog()
    await log.replace(fresh)
    await publishNumbers(2, 2, publisher)
    const subscription = publisher.subscribe('c')
    await publishNumbers(3, 3, publisher)
    hold.release()
    expect(await outcome(subscription.next())).toEqual({ value: { done: false, value: 3 } })
    await fresh.close()
  })

  test.each(['by this process', 'by another'])(
    'because a failover lost writes, the next append %s is a gap',
    async (by) => {
      const copy = new MemoryLog()
      await log.replace(underOneEpoch(memory))
      const subscription = await live()
      await publishNumbers(1, 2, publisher)
      await take(subscription, 2)
      const survivor = new Publisher<Events>(copy)
      await publishNumbers(11, 12, survivor)
      await log.replace(underOneEpoch(copy))
      await publishNumbers(13, 13, by === 'by another' ? survivor : publisher)
      expect(await outcome(subscription.next())).toMatchObject({ error: { data: { reason: 'epoch' } } })
      await Promise.all([survivor.close(), copy.close()])
    },
  )

  describe('because a failover took the log back behind what subscribers have seen', () => {
    let copy: MemoryLog
    let survivor: Publisher<Events>

    beforeEach(async () => {
      copy = new MemoryLog()
      survivor = new Publisher<Events>(copy)
      await log.replace(underOneEpoch(memory))
      await publisher.subscribe('c').ready
      await publishNumbers(1, 10, publisher)
      await publishNumbers(1, 3, survivor)
    })

    afterEach(() => Promise.all([survivor.close(), copy.close()]))

    async function failOver(): Promise<void> {
      await log.replace(underOneEpoch(copy))
      for (let n = 4; n <= 6; n++) {
        await survivor.publish('c', n)
        await settle()
      }
    }

    test.each(['live', 'still reading history'])('a subscriber gets the gap: one that is %s', async (where) => {
      const subscription = publisher.subscribe('c', { from: 'start' })
      await subscription.ready
      await take(subscription, where === 'live' ? 10 : 9)
      const pending = later(subscription.next())
      await failOver()
      await publishNumbers(7, 12, survivor)
      const gap = where === 'live' ? pending : subscription.next()
      expect(await outcome(gap)).toMatchObject({ error: { code: 'EVENT_GAP', data: { reason: 'epoch' } } })
    })

    test('a subscription that begins afterwards misses nothing', async () => {
      await failOver()
      const subscription = publisher.subscribe('c')
      await subscription.ready
      await publishNumbers(7, 12, survivor)
      expect(await outcome(take(subscription, 6))).toEqual({ value: numbers(7, 12) })
    })
  })

  test('because it was trimmed under a reader that lags, the gap says where to go on', async () => {
    const subscription = await live()
    await publishNumbers(1, 1, publisher)
    const [event] = await take(subscription, 1)
    const forgetful = new Publisher<Events>(memory, { retention: { events: 2 } })
    const hold = log.hold('read')
    log.isDeaf = true
    const results = await publishNumbers(2, 6, forgetful)
    log.isDeaf = false
    log.wake('c')
    hold.release()
    const gap = await rejection(subscription.next())
    expect(event).toBe(1)
    expect(gap.data).toMatchObject({ reason: 'trimmed', head: results[4]?.id })
    expect(await take(await live({ lastEventId: gap.data.oldest }), 2)).toEqual([5, 6])
    await forgetful.close()
  })
})

test.each(['live', 'in history'])(
  'a page of a contiguous log with a hole in it is never passed on as if it were whole: %s',
  async (where) => {
    const subscription = where === 'live' ? await live() : publisher.subscribe('c', { from: 'start' })
    log.onPage = (page) => ({ ...page, records: page.records.filter(({ offset }) => offset !== 2) })
    log.isDeaf = true
    await publishNumbers(1, 3, other)
    log.isDeaf = false
    log.wake('c')
    const seen: number[] = []
    await outcome(
      (async () => {
        for await (const event of subscription) seen.push(event)
      })(),
    )
    await vi.advanceTimersByTimeAsync(5000)
    expect(seen).not.toContain(3)
    await subscription.return()
  },
)
