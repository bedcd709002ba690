import { getEventListeners } from 'node:events'
import { describe, expect, test, vi } from 'vitest'
import type { Operation } from '../../test/tools/controlled-log.ts'
import { later, outcome, rejection, settle, take } from '../../test/tools/probes.ts'
import { errors, log, memory, other, publisher, useTwoPublishers } from '../../test/tools/two-publishers.ts'

const LINGER = 30_000
const CLOSED = { error: expect.objectContaining({ code: 'SERVICE_UNAVAILABLE' }) }

useTwoPublishers()

async function opened(channel = 'c') {
  const subscription = publisher.subscribe(channel)
  await subscription.ready
  return subscription
}

describe('the reader of a channel without subscribers', () => {
  test('stays for 30 seconds and is then taken off the watch', async () => {
    const subscription = await opened()
    expect(log.watched).toEqual(['c'])
    await subscription.return()
    await vi.advanceTimersByTimeAsync(LINGER - 1)
    expect(log.watched).toEqual(['c'])
    await vi.advanceTimersByTimeAsync(1)
    expect(log.watched).toEqual([])
  })

  test('goes on where it was for those who come back in time', async () => {
    await (await opened()).return()
    await vi.advanceTimersByTimeAsync(LINGER - 1)
    const { id: lastEventId } = await other.publish('c', 1)
    await other.publish('c', 2)
    await settle()
    const reads = log.calls.read
    const subscription = publisher.subscribe('c', { lastEventId })
    expect(await take(subscription, 1)).toEqual([2])
    expect(log.calls).toMatchObject({ add: 1, heads: 2, read: reads })
    await vi.advanceTimersByTimeAsync(2 * LINGER)
    expect(log.watched).toEqual(['c'])
  })

  test('counts its 30 seconds from the last subscriber to leave', async () => {
    const [first, second] = [await opened(), await opened()]
    await first.return()
    await vi.advanceTimersByTimeAsync(LINGER)
    await second.return()
    await vi.advanceTimersByTimeAsync(LINGER - 1)
    expect(log.watched).toEqual(['c'])
    await vi.advanceTimersByTimeAsync(1)
    expect(log.watched).toEqual([])
  })

  test('counts every subscriber once, however it is left', async () => {
    const [first, second] = [await opened(), await opened()]
    const pending = later(first.next())
    await Promise.all([first.return(), first.return(), first.throw(new Error('left')).catch(() => {}), pending])
    await vi.advanceTimersByTimeAsync(LINGER)
    expect(log.watched).toEqual(['c'])
    await other.publish('c', 1)
    expect(await take(second, 1)).toEqual([1])
  })

  test('is followed by a new one that is woken as the first was', async () => {
    await (await opened()).return()
    await vi.advanceTimersByTimeAsync(LINGER)
    const subscription = await opened()
    await other.publish('c', 1)
    expect(await take(subscription, 1)).toEqual([1])
  })

  test('does not take its successor off the watch, which comes in the same instant', async () => {
    await (await opened()).return()
    vi.advanceTimersByTime(LINGER)
    const subscription = await opened()
    await settle()
    expect(log.watched).toEqual(['c'])
    await other.publish('c', 1)
    expect(await outcome(subscription.next())).toMatchObject({ value: { value: 1 } })
  })

  test('does not take its successor off a watch that was long in coming', async () => {
    const hold = log.hold('watch')
    await publisher.subscribe('c').return()
    await vi.advanceTimersByTimeAsync(LINGER)
    const subscription = publisher.subscribe('c')
    await settle()
    hold.release()
    await subscription.ready
    await settle()
    expect(log.watched).toEqual(['c'])
  })

  test('keeps no process alive while it stays', async () => {
    const subscription = await opened()
    const unref = vi.fn()
    const set = vi.spyOn(globalThis, 'setTimeout').mockReturnValue({ unref } as never)
    await subscription.return()
    expect([set, unref].map(({ mock }) => mock.calls.length)).toEqual([1, 1])
    set.mockRestore()
  })
})

describe('a subscription that nobody reads any more', () => {
  test('lets go of its channel when its signal aborts', async () => {
    const controller = new AbortController()
    await publisher.subscribe('c', { signal: controller.signal }).ready
    controller.abort(new Error('left'))
    await vi.advanceTimersByTimeAsync(LINGER)
    expect(log.watched).toEqual([])
  })

  test('lets go of its channel when its signal had aborted before', async () => {
    const subscription = publisher.subscribe('c', { signal: AbortSignal.abort(new Error('left')) })
    await rejection(subscription.ready)
    await vi.advanceTimersByTimeAsync(LINGER)
    expect(log.watched).toEqual([])
  })

  test('lets go of its channel when it could not begin', async () => {
    const subscription = publisher.subscribe('c', { lastEventId: 'gone' })
    expect(await rejection(subscription.ready)).toMatchObject({ code: 'EVENT_GAP' })
    await vi.advanceTimersByTimeAsync(LINGER)
    expect(log.watched).toEqual([])
    expect(await rejection(subscription.next())).toMatchObject({ code: 'EVENT_GAP' })
  })

  test('takes its listener off the signal', async () => {
    const { signal } = new AbortController()
    const subscription = publisher.subscribe('c', { signal })
    await subscription.ready
    await subscription.return()
    expect(getEventListeners(signal, 'abort')).toEqual([])
  })
})

describe('closing a publisher', () => {
  test('ends its subscriptions with SERVICE_UNAVAILABLE: those that wait and those that do not', async () => {
    const [waiting, idle, unstarted] = [await opened(), await opened(), publisher.subscribe('other')]
    const pending = later(waiting.next())
    await publisher.close()
    expect(await outcome(pending)).toEqual(CLOSED)
    expect(await outcome(idle.next())).toEqual(CLOSED)
    expect(await outcome(unstarted.next())).toEqual(CLOSED)
    expect(await idle.next()).toEqual({ done: true, value: undefined })
  })

  test('leaves no timers, no watch and the log open', async () => {
    const lingering = await opened('a')
    await Promise.all([opened('b'), lingering.return()])
    expect(vi.getTimerCount()).toBe(3)
    expect(log.watches).toBe(1)
    await publisher.close()
    await publisher.close()
    expect([log.watches, log.watched]).toEqual([0, []])
    expect(vi.getTimerCount()).toBe(1)
    await other.publish('c', 1)
    await memory.close()
    expect(vi.getTimerCount()).toBe(0)
  })

  test('refuses what comes later', async () => {
    await publisher.close()
    expect(await rejection(publisher.publish('c', 1))).toMatchObject({ code: 'SERVICE_UNAVAILABLE' })
    expect(() => publisher.subscribe('c')).toThrow(expect.objectContaining({ code: 'SERVICE_UNAVAILABLE' }))
  })

  test('does not disturb other publishers of the same log', async () => {
    const subscription = other.subscribe('c')
    await subscription.ready
    await opened()
    await publisher.close()
    await other.publish('c', 1)
    expect(await take(subscription, 1)).toEqual([1])
  })

  test.each<Operation>(['watch', 'add', 'heads'])('ends it while the log is down: %s fails', async (operation) => {
    log.fail(operation, new Error('down'))
    const pending = later(publisher.subscribe('c').next())
    await settle()
    expect(errors.length).toBeGreaterThan(0)
    await publisher.close()
    expect(await outcome(pending)).toEqual(CLOSED)
    await memory.close()
    expect(vi.getTimerCount()).toBe(0)
  })

  test.each<Operation>(['watch', 'add', 'heads'])('ends it while the log is silent: %s hangs', async (operation) => {
    const hold = log.hold(operation)
    const pending = later(publisher.subscribe('c').next())
    await settle()
    void publisher.close()
    expect(await outcome(pending)).toEqual(CLOSED)
    hold.release()
  })

  test('says so even if the log fails in the same moment', async () => {
    const hold = log.hold('heads')
    const pending = later(publisher.subscribe('c').next())
    await settle()
    const closing = publisher.close()
    hold.fail(new Error('connection lost'))
    await closing
    expect(await outcome(pending)).toEqual(CLOSED)
  })

  test.each(['fails', 'hangs'])('ends those who read history while reading %s', async (how) => {
    await other.publish('c', 1)
    await opened()
    if (how === 'hangs') log.hold('read')
    else log.fail('read', new Error('down'))
    const pending = later(publisher.subscribe('c', { from: 'start' }).next())
    await settle()
    expect(await outcome(publisher.close())).toHaveProperty('value')
    expect(await outcome(pending)).toEqual(CLOSED)
    const { read } = log.calls
    await vi.advanceTimersByTimeAsync(10_000)
    expect(log.calls.read).toBe(read)
  })
})
