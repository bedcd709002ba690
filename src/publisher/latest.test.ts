import { describe, expect, test } from 'vitest'
import { later, outcome, settle, take } from '../../test/tools/probes.ts'
import { log, memory, other, publisher, useTwoPublishers } from '../../test/tools/two-publishers.ts'
import { Publisher } from './publisher.ts'

useTwoPublishers()

const publishNumbers = (from: number, to: number, by = other) =>
  Promise.all(Array.from({ length: to - from + 1 }, (_, n) => by.publish('c', from + n)))
const latest = (lastEventId?: string) => publisher.subscribe('c', { latest: true, lastEventId })

describe('a subscription to the latest event', () => {
  test.each([3, 700])('begins with it, of %i', async (count) => {
    await publishNumbers(1, count)
    expect(await take(latest(), 1)).toEqual([count])
  })

  test('waits for the first one', async () => {
    const pending = later(latest().next())
    expect(await outcome(pending)).toBe('pending')
    await publishNumbers(1, 1)
    expect(await outcome(pending)).toMatchObject({ value: { value: 1 } })
  })

  test('begins with it though its client has an older one, however old, or one of a history that is gone', async () => {
    const results = await publishNumbers(1, 700)
    for (const id of [results[0]?.id, results[698]?.id, 'gone']) expect(await take(latest(id), 1)).toEqual([700])
    await publisher.subscribe('c').ready
    await publishNumbers(701, 702)
    await settle()
    for (const id of [results[0]?.id, results[698]?.id, 'gone']) expect(await take(latest(id), 1)).toEqual([702])
  })

  test.each(['on the tail', 'in the log'])('does not repeat the one that its client has: it is %s', async (where) => {
    if (where === 'on the tail') await publisher.subscribe('c').ready
    const results = await publishNumbers(1, 3)
    await settle()
    const subscription = latest(results[2]?.id)
    const pending = later(subscription.next())
    expect(await outcome(pending)).toBe('pending')
    await publishNumbers(4, 4)
    expect(await outcome(pending)).toMatchObject({ value: { value: 4 } })
  })

  test('skips what came while it was not read, without a gap', async () => {
    const forgetful = new Publisher<Record<string, any>>(memory, { retention: { events: 1 } })
    const subscription = latest()
    await subscription.ready
    await publishNumbers(1, 50, forgetful)
    await settle()
    expect(await take(subscription, 1)).toEqual([50])
    await publishNumbers(51, 3000, forgetful)
    await settle()
    expect(await take(subscription, 1)).toEqual([3000])
    expect(await outcome(subscription.next())).toBe('pending')
    await forgetful.close()
  })

  test('reads no history when the newest event is at hand', async () => {
    await publisher.subscribe('c').ready
    await publishNumbers(1, 5)
    await settle()
    const { read } = log.calls
    expect(await take(latest(), 1)).toEqual([5])
    expect(log.calls.read).toBe(read)
  })

  test('shows no position that is further than what it has handed out', async () => {
    const results = await publishNumbers(1, 300)
    const subscription = latest()
    await subscription.ready
    const hold = log.hold('read')
    const pending = later(subscription.next())
    await settle()
    const cursor = subscription['~position'].cursor()
    if (cursor !== undefined) expect(await take(latest(cursor), 1)).toEqual([300])
    hold.release()
    expect((await pending).value).toBe(300)
    expect(subscription['~position'].cursor()).toBe(results[299]?.id)
  })
})
