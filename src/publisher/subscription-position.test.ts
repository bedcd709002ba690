import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ControlledLog } from '../../test/tools/controlled-log.ts'
import { later, rejection, settle, take } from '../../test/tools/probes.ts'
import { MemoryLog } from './memory-log.ts'
import { parseId } from './position.ts'
import { Publisher } from './publisher.ts'
import type { Subscription } from './subscription.ts'

type Events = Record<string, any>

let memory: MemoryLog
let log: ControlledLog
let publisher: Publisher<Events>
let other: Publisher<Events>

beforeEach(() => {
  memory = new MemoryLog()
  log = new ControlledLog(memory)
  publisher = new Publisher<Events>(log, { onError: () => {} })
  other = new Publisher<Events>(memory)
})

afterEach(async () => {
  await Promise.all([publisher.close(), other.close()])
  await memory.close()
})

const cursorOf = (subscription: Subscription<any>): string | undefined => subscription['~position'].cursor()
const offsetOf = (id: string | undefined): number | undefined => (id === undefined ? id : parseId(id)?.offset)

describe('the position of a subscription', () => {
  test('is unknown until it is ready, and is then where it begins', async () => {
    await other.publish('c', 1)
    const subscriptions = [publisher.subscribe('c'), publisher.subscribe('c', { from: 'start' })]
    expect(subscriptions.map(cursorOf)).toEqual([undefined, undefined])
    await Promise.all(subscriptions.map((subscription) => subscription['~position'].ready))
    expect(subscriptions.map(cursorOf)).toEqual(await Promise.all(subscriptions.map(({ ready }) => ready)))
    expect(subscriptions.map(cursorOf).map(offsetOf)).toEqual([1, 0])
  })

  test('is unknown while an id from outside has not been found in the history', async () => {
    const { id: lastEventId } = await other.publish('c', 1)
    await other.publish('c', 2)
    const hold = log.hold('read')
    const [genuine, forged] = [lastEventId, `${lastEventId}x`].map((lastEventId) =>
      publisher.subscribe('c', { lastEventId }),
    ) as [Subscription<any>, Subscription<any>]
    await settle()
    expect([cursorOf(genuine), cursorOf(forged)]).toEqual([undefined, undefined])
    hold.release()
    await Promise.all([genuine['~position'].ready, forged['~position'].ready])
    expect([cursorOf(genuine), cursorOf(forged)]).toEqual([lastEventId, undefined])
    await rejection(forged.next())
    expect(cursorOf(forged)).toBeUndefined()
  })

  test('moves with each event that is handed out, and not with those that wait', async () => {
    const subscription = publisher.subscribe('c')
    const begin = await subscription.ready
    const results = await Promise.all([1, 2, 3].map((n) => publisher.publish('c', n)))
    expect(cursorOf(subscription)).toBe(begin)
    for (const { id } of results) {
      await subscription.next()
      expect(cursorOf(subscription)).toBe(id)
    }
  })

  test('moves in the same way through pages of history', async () => {
    const results = await Promise.all(Array.from({ length: 300 }, (_, n) => other.publish('c', n)))
    const subscription = publisher.subscribe('c', { from: 'start' })
    expect(offsetOf(await subscription.ready)).toBe(0)
    for (const { id } of results) {
      await subscription.next()
      expect(cursorOf(subscription)).toBe(id)
      await settle()
      expect(cursorOf(subscription)).toBe(id)
    }
  })

  test('is at most one event ahead of the consumer, the one on its way, whenever it is asked for', async () => {
    const subscription = publisher.subscribe('c', { from: 'start' })
    await subscription.ready
    const seen: number[] = []
    void (async () => {
      for await (const event of subscription) seen.push(event)
    })()
    for (let n = 1; n <= 40; n++) {
      const call = (n % 3 === 0 ? other : publisher).publish('c', n)
      for (let tick = 0; tick < n; tick++) await undefined
      const [cursor, handedOut] = [offsetOf(cursorOf(subscription)), seen.length]
      expect([handedOut, handedOut + 1]).toContain(cursor)
      await call
      await settle()
      expect([offsetOf(cursorOf(subscription)), seen.length]).toEqual([n, n])
    }
    await subscription.return()
  })

  test('stays where it is when the subscription is over', async () => {
    const subscription = publisher.subscribe('c')
    const { id } = await publisher.publish('c', 1)
    await take(subscription, 1)
    const pending = later(subscription.next())
    await settle()
    await subscription.return()
    await pending
    await Promise.all([2, 3].map((n) => publisher.publish('c', n)))
    await settle()
    expect(cursorOf(subscription)).toBe(id)
  })

  test('does not run ahead while another catches up through the log', async () => {
    const ids = await Promise.all(Array.from({ length: 600 }, (_, n) => other.publish('c', n)))
    const subscription = publisher.subscribe('c', { lastEventId: ids[0]?.id })
    await subscription.ready
    const hold = log.hold('read')
    await publisher.publish('c', 600)
    await take(subscription, 255)
    await take(subscription, 1)
    const pending = later(subscription.next())
    await settle()
    expect(offsetOf(cursorOf(subscription))).toBe(257)
    hold.release()
    await pending
    expect(offsetOf(cursorOf(subscription))).toBe(258)
  })

  test('ahead of this process stays ahead: it never goes back', async () => {
    await publisher.subscribe('c').ready
    log.isDeaf = true
    const ids = await Promise.all([1, 2, 3].map((n) => other.publish('c', n)))
    const subscription = publisher.subscribe('c', { lastEventId: ids[2]?.id })
    expect(await subscription.ready).toBe(ids[2]?.id)
    const pending = later(subscription.next())
    await settle()
    expect(cursorOf(subscription)).toBe(ids[2]?.id)
    log.isDeaf = false
    log.wake('c')
    await settle()
    expect(cursorOf(subscription)).toBe(ids[2]?.id)
    await subscription.return()
    expect(await pending).toEqual({ done: true, value: undefined })
  })
})
