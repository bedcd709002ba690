import { describe, expect, test, vi } from 'vitest'
import { later, rejection, settle, take } from '../../test/tools/probes.ts'
import { log, memory, other, publisher, useTwoPublishers } from '../../test/tools/two-publishers.ts'
import { RPCError } from '../core/error.ts'
import type { PublisherObservation } from './measures.ts'
import { Publisher } from './publisher.ts'

useTwoPublishers()

describe('stats', () => {
  test('of a publisher that has done nothing are zero', () => {
    expect(publisher.stats()).toEqual({
      published: 0,
      duplicates: 0,
      unpublished: 0,
      unknownAppends: 0,
      appends: { count: 0, total: 0, longest: 0 },
      delivered: 0,
      resumes: 0,
      gaps: { trimmed: 0, epoch: 0, overflow: 0 },
      passedGaps: 0,
      fallBehinds: 0,
      pages: 0,
      polls: { count: 0, total: 0, longest: 0 },
      missedWakes: 0,
      errors: 0,
      subscribers: 0,
      channels: 0,
      lag: 0,
      cacheBytes: 0,
      tailBytes: 0,
    })
  })

  test('are what publishers and subscribers have seen of each other', async () => {
    const seen = { delivered: 0, published: 0, duplicates: 0, resumes: 0 }
    const read = async (subscription: AsyncIterator<unknown, void>, count: number): Promise<void> => {
      seen.delivered += (await take(subscription, count)).length
    }
    const publish = async (channel: string, n: number, idempotencyKey?: string): Promise<string> => {
      const { id, duplicate } = await publisher.publish(channel, n, { idempotencyKey })
      if (duplicate) seen.duplicates++
      else seen.published++
      return id
    }
    const subscriptions = ['a', 'a', 'b'].map((channel) => publisher.subscribe(channel, { from: 'start' }))
    const ids: string[] = []
    for (let n = 0; n < 30; n++) ids.push(await publish(n % 3 === 0 ? 'b' : 'a', n, `key${n % 20}-${n % 3}`))
    await publisher.publishAll('a', [1, 2, 3])
    seen.published += 3
    await other.publish('a', 'from elsewhere')
    for (const [index, subscription] of subscriptions.entries()) await read(subscription, index === 2 ? 5 : 10)
    await subscriptions[0]?.return()
    await read(publisher.subscribe('a', { lastEventId: ids[1] }), 3)
    seen.resumes++

    const { published, delivered, duplicates, resumes, appends } = publisher.stats()
    expect({ published, delivered, duplicates, resumes }).toEqual(seen)
    expect([appends.count, other.stats().published, other.stats().delivered]).toEqual([31, 1, 0])
    expect(seen.published + other.stats().published).toBe(await storedEvents('a', 'b'))
  })

  test('tell who is there and how far behind', async () => {
    const [slow, quick] = [publisher.subscribe('a'), publisher.subscribe('a')]
    await Promise.all([slow.ready, quick.ready])
    for (let n = 0; n < 7; n++) await publisher.publish('a', n)
    await take(quick, 7)
    await take(slow, 2)
    expect(publisher.stats()).toMatchObject({ subscribers: 2, channels: 1, lag: 5 })
    const head = await publisher.head('a')
    expect(publisher.channels()).toEqual([
      { channel: 'a', subscribers: 2, head, lag: 5, events: 7, resumes: 0, gaps: 0 },
    ])
    expect(publisher.stats().tailBytes).toBeGreaterThan(0)
    await Promise.all([slow.return(), quick.return()])
    expect(publisher.stats()).toMatchObject({ subscribers: 0, channels: 1, lag: 0 })
    await vi.advanceTimersByTimeAsync(30_000)
    expect(publisher.stats()).toMatchObject({ channels: 0, tailBytes: 0 })
  })

  test('tell where channels begin and end, and observers who came later what has happened', async () => {
    const forgetful = new Publisher<Record<string, number>>(memory, { retention: { events: 2 } })
    const told: string[] = []
    const end = forgetful.observe(({ type }) => told.push(type))
    for (const n of [1, 2, 3]) await forgetful.publish('a', n)
    end()
    const { id } = await forgetful.publish('a', 4)
    expect(told).toEqual(['append', 'append', 'append'])
    const [a, b] = await forgetful.ranges(['a', 'b'])
    expect([a?.channel, a?.head, a?.oldest.split(':')[1]]).toEqual(['a', id, '2'])
    expect(b?.oldest).toBe(b?.head)
    expect(await take(forgetful.subscribe('a', { lastEventId: a?.oldest ?? '' }), 2)).toEqual([3, 4])
    await forgetful.close()
  })

  test('count gaps by their reasons, those that were gone on over, and who fell behind', async () => {
    const forgetful = new Publisher<Record<string, number>>(memory, { retention: { events: 1 } })
    const { id } = await forgetful.publish('a', 1)
    for (const n of [2, 3]) await forgetful.publish('a', n)
    await rejection(publisher.subscribe('a', { lastEventId: id }).next())
    await rejection(publisher.subscribe('a', { lastEventId: 'gone' }).next())
    await take(publisher.subscribe('a', { lastEventId: 'gone', onGap: 'oldest' }), 1)
    expect(publisher.stats()).toMatchObject({ gaps: { trimmed: 1, epoch: 2, overflow: 0 }, passedGaps: 1 })

    const slow = publisher.subscribe('b')
    await slow.ready
    for (let n = 0; n < 1100; n++) void publisher.publish('b', n)
    await publisher.publish('b', -1)
    await take(slow, 1101)
    expect(publisher.stats().fallBehinds).toBe(1)
    expect(publisher.stats().cacheBytes).toBeGreaterThan(0)
    await forgetful.close()
  })

  test('count wake-ups that a poll made up for, and no others', async () => {
    const subscription = publisher.subscribe('a')
    await subscription.ready
    await other.publish('a', 1)
    await take(subscription, 1)
    await vi.advanceTimersByTimeAsync(15_000)
    expect(publisher.stats()).toMatchObject({ missedWakes: 0, polls: { count: 1 } })
    log.isDeaf = true
    await other.publish('a', 2)
    const next = take(subscription, 1)
    await vi.advanceTimersByTimeAsync(15_000)
    await next
    expect(publisher.stats()).toMatchObject({ missedWakes: 1, polls: { count: 2 } })
    log.fail('heads', new Error('down'), 1)
    await vi.advanceTimersByTimeAsync(15_000)
    expect(publisher.stats()).toMatchObject({ missedWakes: 1, polls: { count: 3 }, errors: 1 })
  })

  test('count appends that failed and answers that were lost', async () => {
    log.fail('append', new Error('full'), 1)
    await rejection(publisher.publish('a', 1))
    log.fail('append', new RPCError('APPEND_UNKNOWN'), 2)
    const repeated = later(publisher.publish('a', 2, { idempotencyKey: 'k' }))
    await vi.advanceTimersByTimeAsync(5000)
    await repeated
    expect(publisher.stats()).toMatchObject({ published: 1, unpublished: 1, unknownAppends: 2, appends: { count: 1 } })
  })
})

test('an observer is told of appends, resumes, gaps and polls, and harms nobody', async () => {
  const observations: PublisherObservation[] = []
  const observed = new Publisher<Record<string, number>>(memory, {
    onError: () => {},
    observe: (observation) => {
      observations.push(observation)
      throw new Error('bug')
    },
  })
  vi.spyOn(console, 'error').mockImplementation(() => {})
  const { id } = await observed.publish('a', 1)
  const resumed = observed.subscribe('a', { lastEventId: id })
  await resumed.ready
  await take(observed.subscribe('a', { lastEventId: 'gone', onGap: 'oldest' }), 1)
  await vi.advanceTimersByTimeAsync(15_000)
  await settle()
  expect(observations).toMatchObject([
    { type: 'append', channel: 'a', events: 1, duplicate: false },
    { type: 'resume', channel: 'a', lastEventId: id },
    { type: 'gap', channel: 'a', gap: { reason: 'epoch', lastEventId: 'gone' }, policy: 'oldest' },
    { type: 'resume', channel: 'a', lastEventId: 'gone' },
    { type: 'poll', channels: 1 },
  ])
  await observed.close()
  vi.restoreAllMocks()
})

async function storedEvents(...channels: string[]): Promise<number> {
  const pages = channels.map((channel) => memory.read(channel, 'start', { records: 1000, bytes: 1e6 }))
  return (await Promise.all(pages)).reduce((sum, { records }) => sum + records.length, 0)
}
