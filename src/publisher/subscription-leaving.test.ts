import { beforeEach, describe, expect, test, vi } from 'vitest'
import type { Operation } from '../../test/tools/controlled-log.ts'
import { later, outcome, rejection, settle, take } from '../../test/tools/probes.ts'
import { errors, log, memory, other, publisher, useTwoPublishers } from '../../test/tools/two-publishers.ts'
import { getEventMeta } from '../event/event-meta.ts'
import type { Subscription } from './subscription.ts'

const DONE = { done: true, value: undefined }
const START_STEPS: Operation[] = ['watch', 'add', 'heads']

useTwoPublishers()

const cursorOf = (subscription: Subscription<any>): string | undefined => subscription['~position'].cursor()

describe('aborting the signal', () => {
  const reason = new Error('left')
  let controller: AbortController

  beforeEach(() => {
    controller = new AbortController()
  })

  const subscribe = (options = {}) => publisher.subscribe('c', { ...options, signal: controller.signal })

  test('rejects a next() that waits, with the reason, and ends the subscription', async () => {
    const subscription = subscribe()
    await subscription.ready
    const pending = [later(subscription.next()), later(subscription.next())]
    await settle()
    controller.abort(reason)
    expect(await outcome(pending[0] as Promise<unknown>)).toEqual({ error: reason })
    expect(await outcome(pending[1] as Promise<unknown>)).toEqual({ value: DONE })
    expect(await subscription.next()).toEqual(DONE)
  })

  test('rejects the next next() when none waits, even if there are events to be had', async () => {
    const subscription = subscribe()
    await subscription.ready
    await publisher.publish('c', 1)
    controller.abort(reason)
    expect(await rejection(subscription.next())).toBe(reason)
    expect(await subscription.next()).toEqual(DONE)
  })

  test('that had been aborted before rejects the first next() and `ready`', async () => {
    controller.abort(reason)
    const subscription = subscribe()
    expect(await rejection(subscription.ready)).toBe(reason)
    expect(await rejection(subscription.next())).toBe(reason)
  })

  test('harms no other subscriber', async () => {
    const [leaving, staying] = [subscribe(), publisher.subscribe('c')]
    await Promise.all([leaving.ready, staying.ready])
    const pending = [later(leaving.next()), later(staying.next())]
    controller.abort(reason)
    await publisher.publish('c', 1)
    expect(await Promise.allSettled(pending)).toMatchObject([{ reason }, { value: { value: 1 } }])
  })

  test('rejects at once while the reader starts: heads fails', async () => {
    log.fail('heads', new Error('down'))
    const subscription = subscribe()
    const pending = later(subscription.next())
    await settle()
    controller.abort(reason)
    expect(await outcome(pending)).toEqual({ error: reason })
    expect(await outcome(subscription.ready)).toEqual({ error: reason })
  })

  test.each(START_STEPS)('rejects at once while the reader starts: %s hangs', async (operation) => {
    const hold = log.hold(operation)
    const subscription = subscribe()
    const pending = later(subscription.next())
    await settle()
    controller.abort(reason)
    expect(await outcome(pending)).toEqual({ error: reason })
    hold.release()
  })

  test('rejects at once while history cannot be read: reading fails', async () => {
    await other.publish('c', 1)
    log.fail('read', new Error('down'))
    const pending = later(subscribe({ from: 'start' }).next())
    await settle()
    expect(errors.length).toBeGreaterThan(0)
    controller.abort(reason)
    expect(await outcome(pending)).toEqual({ error: reason })
    const { read } = log.calls
    await vi.advanceTimersByTimeAsync(10_000)
    expect(log.calls.read).toBe(read)
  })

  test('rejects at once while history cannot be read: reading hangs', async () => {
    await other.publish('c', 1)
    const hold = log.hold('read')
    const pending = later(subscribe({ from: 'start' }).next())
    await settle()
    controller.abort(reason)
    expect(await outcome(pending)).toEqual({ error: reason })
    hold.release()
  })
})

describe('return()', () => {
  test('answers a next() that waits and itself at once', async () => {
    const subscription = publisher.subscribe('c')
    await subscription.ready
    const pending = later(subscription.next())
    await settle()
    expect(await outcome(subscription.return())).toEqual({ value: DONE })
    expect(await outcome(pending)).toEqual({ value: DONE })
    await publisher.publish('c', 1)
    expect(await subscription.next()).toEqual(DONE)
  })

  test.each(START_STEPS)('does so while the reader starts: %s hangs', async (operation) => {
    const hold = log.hold(operation)
    const subscription = publisher.subscribe('c')
    const pending = later(subscription.next())
    expect(await outcome(subscription.return())).toEqual({ value: DONE })
    expect(await outcome(pending)).toEqual({ value: DONE })
    hold.release()
    await settle()
    expect(errors).toEqual([])
  })

  test.each(['before the reader has started', 'while history cannot be read'])(
    'stops reading history: %s',
    async (when) => {
      const { id: lastEventId } = await other.publish('c', 1)
      await other.publish('c', 2)
      log.fail('read', new Error('down'))
      const hold = log.hold('heads')
      const subscription = publisher.subscribe('c', { lastEventId })
      const pending = later(subscription.next())
      if (when.startsWith('while')) hold.release()
      await settle()
      await subscription.return()
      hold.release()
      expect(await outcome(pending)).toEqual({ value: DONE })
      const { read } = log.calls
      await vi.advanceTimersByTimeAsync(10_000)
      expect(log.calls.read).toBe(read)
    },
  )

  test('is what leaving a for await does', async () => {
    const subscription = publisher.subscribe('c')
    await publisher.publish('c', 1)
    for await (const event of subscription) {
      expect(event).toBe(1)
      break
    }
    await vi.advanceTimersByTimeAsync(30_000)
    expect(log.watched).toEqual([])
  })
})

test('`ready` may reject with nobody listening, and next() says why', async () => {
  const unhandled = vi.fn()
  process.on('unhandledRejection', unhandled)
  const subscription = publisher.subscribe('c', { lastEventId: 'gone' })
  await settle()
  await settle()
  process.off('unhandledRejection', unhandled)
  expect(unhandled).not.toHaveBeenCalled()
  expect(await outcome(subscription['~position'].ready)).toHaveProperty('value')
  expect(await rejection(subscription.next())).toMatchObject({ code: 'EVENT_GAP' })
})

describe('an event that cannot be decoded', () => {
  async function unreadable() {
    const subscription = publisher.subscribe('c')
    const first = await publisher.publish('c', { n: 1 })
    const { last } = await memory.append('c', [{ data: '{"json":1,"meta":[[99]]}' }], { retention: {} })
    const id = `${last.epoch}:${last.offset}:${last.tag}`
    await publisher.publish('c', { n: 3 })
    return { subscription, first, id }
  }

  test('is told with its id: never skipped, never a stall', async () => {
    const { subscription, first, id } = await unreadable()
    const [event] = await take(subscription, 1)
    expect(getEventMeta(event)?.id).toBe(first.id)
    expect(await rejection(subscription.next())).toMatchObject({ code: 'EVENT_UNREADABLE', data: { id } })
    expect(await subscription.next()).toEqual(DONE)
  })

  test.each(['the tail', 'a page'])('does not move the cursor past it, on %s', async (where) => {
    const { subscription, first } = await unreadable()
    const reading = where === 'the tail' ? subscription : publisher.subscribe('c', { from: 'start' })
    await take(reading, 1)
    await rejection(reading.next())
    expect(cursorOf(reading)).toBe(first.id)
  })

  test('can be passed over by who resumes behind it', async () => {
    const { id } = await unreadable()
    expect(await take(publisher.subscribe('c', { lastEventId: id }), 1)).toEqual([{ n: 3 }])
  })
})
