import { describe, expect, test, vi } from 'vitest'
import { later, outcome, rejection, settle, take } from '../../test/tools/probes.ts'
import { type Events, log, memory, other, publisher, useTwoPublishers } from '../../test/tools/two-publishers.ts'
import { getEventMeta } from '../event/event-meta.ts'
import { Publisher } from './publisher.ts'
import { VectorIds } from './vector-id.ts'

useTwoPublishers()

const CHANNELS = ['a', 'b', 'c'] as const
const idOf = (event: unknown): string => getEventMeta(event)?.id as string

async function publishRound(n: number): Promise<void> {
  for (const channel of CHANNELS) await other.publish(channel, n)
}

const flat = (items: readonly { channel: string; event: number }[]): string[] =>
  items.map(({ channel, event }) => `${channel}${event}`)

describe('a subscription to several channels', () => {
  test('has the events of each in their order', async () => {
    const subscription = publisher.subscribe(CHANNELS)
    await subscription.ready
    await publishRound(1)
    await publishRound(2)
    const events = flat(await take(subscription, 6))
    for (const channel of CHANNELS) {
      expect(events.filter((event) => event.startsWith(channel))).toEqual([`${channel}1`, `${channel}2`])
    }
  })

  test('lets none starve another', async () => {
    for (let n = 1; n <= 50; n++) await other.publish('a', n)
    await other.publish('b', 1)
    const events = flat(await take(publisher.subscribe(['a', 'b'], { from: 'start' }), 4))
    expect(events).toContain('b1')
  })

  test('resumes after any of its events without a hole or a repeat', async () => {
    for (let n = 1; n <= 3; n++) await publishRound(n)
    const all = await take(publisher.subscribe(CHANNELS, { from: 'start' }), 9)
    for (const [index, event] of all.entries()) {
      const rest = await take(publisher.subscribe(['c', 'a', 'b'], { lastEventId: idOf(event) }), 8 - index)
      expect(flat(rest).sort()).toEqual(flat(all.slice(index + 1)).sort())
      expect(idOf(event).length).toBeLessThanOrEqual(256)
    }
  })

  test('resumes from where it began and from where it waits, and never before what is still held back', async () => {
    const subscription = publisher.subscribe(CHANNELS)
    const begun = await subscription.ready
    expect(subscription['~position']?.cursor()).toBe(begun)
    const pending = later(subscription.next())
    await publishRound(1)
    await settle()
    const cursor = subscription['~position']?.cursor()
    const first = await pending
    const missed = flat(await take(publisher.subscribe(CHANNELS, { lastEventId: cursor }), 2))
    expect(missed).toEqual(expect.not.arrayContaining(flat([first.value as never])))
    expect(flat(await take(publisher.subscribe(CHANNELS, { lastEventId: begun }), 3)).sort()).toEqual([
      'a1',
      'b1',
      'c1',
    ])
    expect(flat(await take(publisher.subscribe(CHANNELS, { from: begun }), 3)).sort()).toEqual(['a1', 'b1', 'c1'])
  })

  test.each(['that of other channels', 'that of one of them', 'none at all'])(
    'has a gap for an id that is %s',
    async (what) => {
      const { id } = await other.publish('a', 1)
      const others = await publisher.subscribe(['a', 'b']).ready
      const lastEventId = what === 'none at all' ? '42' : what === 'that of one of them' ? id : others
      const error = await rejection(publisher.subscribe(CHANNELS, { lastEventId }).next())
      expect(error).toMatchObject({ code: 'EVENT_GAP', data: { reason: 'epoch', lastEventId } })
    },
  )

  test('names places in all channels to go on from when one of them has a gap', async () => {
    const forgetful = new Publisher<Events>(memory, { retention: { events: 2 } })
    const begun = await publisher.subscribe(['a', 'b']).ready
    for (let n = 1; n <= 5; n++) await forgetful.publish('a', n)
    await forgetful.publish('b', 1)
    await publisher.close()
    const later = new Publisher<Events>(memory)
    const { data } = await rejection(later.subscribe(['a', 'b'], { lastEventId: begun }).next())
    expect(data).toMatchObject({ reason: 'trimmed', lastEventId: begun })
    const left = await take(later.subscribe(['a', 'b'], { lastEventId: data.oldest }), 3)
    expect(flat(left).sort()).toEqual(['a4', 'a5', 'b1'])
    expect(flat(await take(later.subscribe(['a', 'b'], { lastEventId: data.head }), 1))).toEqual(['b1'])
    await Promise.all([later.close(), forgetful.close()])
  })

  test('fails with the first channel that fails, and lets go of all', async () => {
    const subscription = publisher.subscribe(CHANNELS)
    await subscription.ready
    const pending = later(subscription.next())
    const error = new Error('left')
    log.fail('read', new Error('down'))
    const controller = new AbortController()
    const signalled = publisher.subscribe(CHANNELS, { signal: controller.signal })
    const next = later(signalled.next())
    await settle()
    controller.abort(error)
    expect(await outcome(next)).toEqual({ error })
    await subscription.return()
    expect(await outcome(pending)).toMatchObject({ value: { done: true } })
    await vi.advanceTimersByTimeAsync(30_000)
    expect(log.watched).toEqual([])
  })

  test('takes at most 8 channels for its ids, and more without', async () => {
    const many = Array.from({ length: 9 }, (_, index) => `c${index}`)
    expect(() => publisher.subscribe(many)).toThrow(TypeError)
    expect(() => publisher.subscribe(['a', 'a'])).toThrow(TypeError)
    const subscription = publisher.subscribe(many, { resume: false })
    await subscription.ready
    await other.publish('c3', { n: 1 })
    const [item] = await take(subscription, 1)
    expect(item).toEqual({ channel: 'c3', event: { n: 1 } })
    expect(getEventMeta(item)?.id).toBeUndefined()
    expect(subscription['~position'].cursor()).toBeUndefined()
  })
})

test('an id of 8 channels fits, of 8 channels with long epochs it says that it does not', () => {
  const channels = Array.from({ length: 8 }, (_, index) => `c${index}`)
  const ids = new VectorIds(channels)
  const id = ids.format(channels.map(() => `${'e'.repeat(12)}:${10 ** 8}:${'t'.repeat(6)}`))
  expect(() => ids.assertFits(id)).not.toThrow()
  expect(() => ids.assertFits(ids.format(channels.map(() => `${'e'.repeat(30)}:1:t`)))).toThrow(/longer than 256 bytes/)
})
