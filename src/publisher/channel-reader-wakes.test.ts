import { beforeEach, describe, expect, test } from 'vitest'
import { later, outcome, rejection, settle, take } from '../../test/tools/probes.ts'
import { log, memory, other, publisher, useTwoPublishers } from '../../test/tools/two-publishers.ts'
import { RPCError } from '../core/error.ts'
import type { Appended } from './event-log.ts'
import type { Subscription } from './subscription.ts'

useTwoPublishers()

/** Wake-ups that are on their way. */
let wakes: (() => void)[]
let subscription: Subscription<unknown>

beforeEach(async () => {
  log.bringsRecords = true
  subscription = publisher.subscribe('c')
  await subscription.ready
  wakes = []
})

const holdWakes = (): void => {
  log.onWake = (wake) => void wakes.push(wake)
}

/** An append as its wake-up tells of it: behind the head, with what is changed about it. */
async function told(data: string, change: (place: Appended) => Appended = (place) => place): Promise<Appended> {
  const [head] = await memory.heads(['c'])
  const before = head?.position ?? { epoch: '', offset: 0, tag: '' }
  const offset = before.offset + 1
  return change({ before, last: { ...before, offset, tag: 'told' }, records: [{ offset, tag: 'told', data }] })
}

describe('a wake-up that brings what was appended', () => {
  test('is enough: what others append is not read', async () => {
    await other.publish('c', 1)
    await Promise.all([other.publish('c', 2), other.publish('c', 3)])
    expect(await take(subscription, 3)).toEqual([1, 2, 3])
    await settle()
    expect(log.calls.read).toBe(0)
  })

  test('comes before the answer to the append of this process, whose event comes once', async () => {
    const hold = log.hold('append')
    const call = publisher.publish('c', 1)
    expect(await take(subscription, 1)).toEqual([1])
    await other.publish('c', 2)
    hold.release()
    await call
    await publisher.publish('c', 3)
    expect(await take(subscription, 2)).toEqual([2, 3])
    expect(log.calls.read).toBe(0)
  })

  test('comes after that answer, and adds nothing', async () => {
    holdWakes()
    await publisher.publish('c', 1)
    await publisher.publish('c', 2)
    for (const wake of wakes) wake()
    expect(await take(subscription, 2)).toEqual([1, 2])
    expect(await outcome(subscription.next())).toBe('pending')
    expect(log.calls.read).toBe(0)
  })

  test('comes after that of a later append: both are read, in order and once', async () => {
    holdWakes()
    await other.publish('c', 1)
    await other.publish('c', 2)
    for (const wake of wakes.reverse()) wake()
    await settle()
    expect(await take(subscription, 2)).toEqual([1, 2])
    expect(await outcome(subscription.next())).toBe('pending')
    expect(log.calls.read).toBe(1)
  })

  test('is still on its way when this process has appended behind it: both are read, and it adds nothing', async () => {
    holdWakes()
    await other.publish('c', 1)
    await publisher.publish('c', 2)
    expect(await take(subscription, 2)).toEqual([1, 2])
    const { read } = log.calls
    for (const wake of wakes) wake()
    expect(await outcome(subscription.next())).toBe('pending')
    expect(log.calls.read).toBe(read)
  })

  test('comes while a page is on its way that has the same, or less', async () => {
    log.bringsRecords = false
    const hold = log.hold('read')
    await other.publish('c', 1)
    log.bringsRecords = true
    await other.publish('c', 2)
    hold.release()
    await other.publish('c', 3)
    expect(await take(subscription, 3)).toEqual([1, 2, 3])
    expect(await outcome(subscription.next())).toBe('pending')
  })

  test('tells of an append whose answer is lost: the event is there once, and its publisher does not know', async () => {
    const hold = log.hold('append')
    const call = later(publisher.publish('c', 1))
    await settle()
    hold.fail(new RPCError('APPEND_UNKNOWN'))
    expect(await rejection(call)).toMatchObject({ code: 'APPEND_UNKNOWN' })
    await other.publish('c', 2)
    expect(await take(subscription, 2)).toEqual([1, 2])
  })

  test('comes before the reader knows where the channel ends', async () => {
    const hold = log.hold('heads')
    const early = publisher.subscribe('d')
    await settle()
    await other.publish('d', 1)
    hold.release()
    await early.ready
    await other.publish('d', 2)
    expect(await take(early, 2)).toEqual([1, 2])
  })
})

describe('a wake-up that does not fit what is on the tail is not believed, but has the log read', () => {
  const change: readonly [string, (appended: Appended) => Appended][] = [
    ['of another history', (it) => ({ ...it, before: { ...it.before, epoch: 'x' }, last: { ...it.last, epoch: 'x' } })],
    ['behind a lost append', (it) => ({ ...it, before: { ...it.before, tag: 'lost' } })],
    ['in the place of an event that was delivered', (it) => ({ ...it, last: { ...it.last, offset: 1 } })],
    ['after a hole', (it) => ({ ...it, before: { ...it.before, offset: 7 }, last: { ...it.last, offset: 8 } })],
  ]

  test.each(change)('%s', async (_, change) => {
    await other.publish('c', 1)
    expect(await take(subscription, 1)).toEqual([1])
    log.wake('c', change(await told('{"json":"never"}', (it) => ({ ...it, before: { ...it.before, tag: 'no' } }))))
    await settle()
    expect(log.calls.read).toBe(1)
    await other.publish('c', 2)
    expect(await take(subscription, 1)).toEqual([2])
  })
})
