import { describe, expect, test, vi } from 'vitest'
import { later, outcome, settle, take } from '../../test/tools/probes.ts'
import { type Events, errors, log, other, publisher, useTwoPublishers } from '../../test/tools/two-publishers.ts'
import { MemoryLog } from './memory-log.ts'
import { Publisher } from './publisher.ts'

const HEARTBEAT = 15_000
const LINGER = 30_000

useTwoPublishers()

async function opened(channel = 'c', by: Publisher<Events> = publisher) {
  const subscription = by.subscribe(channel)
  await subscription.ready
  return subscription
}

describe('a wake-up that is lost', () => {
  test('surfaces within a heartbeat', async () => {
    const subscription = await opened()
    log.isDeaf = true
    await other.publish('c', 1)
    const pending = later(subscription.next())
    await vi.advanceTimersByTimeAsync(HEARTBEAT - 1)
    expect(await outcome(pending)).toBe('pending')
    await vi.advanceTimersByTimeAsync(1)
    expect(await outcome(pending)).toMatchObject({ value: { value: 1 } })
  })

  test('surfaces with the next heartbeat when the log swallows one question', async () => {
    const subscription = await opened()
    log.isDeaf = true
    await other.publish('c', 1)
    const hold = log.hold('heads')
    const pending = later(subscription.next())
    await vi.advanceTimersByTimeAsync(HEARTBEAT + 10_000)
    expect(errors).toMatchObject([{ code: 'TIMEOUT' }])
    hold.abandon()
    await vi.advanceTimersByTimeAsync(HEARTBEAT - 10_000)
    expect(await outcome(pending)).toMatchObject({ value: { value: 1 } })
  })

  test('surfaces as a gap when the log was replaced', async () => {
    const subscription = await opened()
    const pending = later(subscription.next())
    const fresh = new MemoryLog()
    await log.replace(fresh)
    await vi.advanceTimersByTimeAsync(HEARTBEAT)
    expect(await outcome(pending)).toMatchObject({ error: { code: 'EVENT_GAP', data: { reason: 'epoch' } } })
    await fresh.close()
  })

  test('surfaces at once when the publisher is told of it', async () => {
    const subscriptions = [await opened('a'), await opened('b'), await opened('c')]
    log.isDeaf = true
    const pending = subscriptions.map((subscription) => later(subscription.next()))
    await Promise.all(['a', 'b', 'c'].map((channel) => other.publish(channel, channel)))
    publisher.wake('a')
    expect(await Promise.all(pending.map(outcome))).toMatchObject([{ value: { value: 'a' } }, 'pending', 'pending'])
    publisher.wake()
    expect(await Promise.all(pending.map(outcome))).toMatchObject(
      ['a', 'b', 'c'].map((channel) => ({ value: { value: channel } })),
    )
  })
})

describe('the poll', () => {
  test('asks once for all channels, and reads nothing where nothing is new', async () => {
    await Promise.all(Array.from({ length: 100 }, (_, index) => opened(`c${index}`)))
    const { heads, read } = log.calls
    await vi.advanceTimersByTimeAsync(HEARTBEAT)
    expect([log.calls.heads - heads, log.calls.read - read]).toEqual([1, 0])
  })

  test('asks as often as it is told to, never twice at a time', async () => {
    const onError = (error: unknown): void => void errors.push(error)
    const eager = new Publisher<Events>(log, { heartbeat: 1000, timeout: 2500, onError })
    await opened('c', eager)
    const { heads } = log.calls
    await vi.advanceTimersByTimeAsync(3000)
    expect(log.calls.heads - heads).toBe(3)
    log.hold('heads')
    await vi.advanceTimersByTimeAsync(6500)
    expect(log.calls.heads - heads).toBe(5)
    expect(errors).toMatchObject([{ code: 'TIMEOUT' }, { code: 'TIMEOUT' }])
    await vi.advanceTimersByTimeAsync(1000)
    await eager.close()
    await settle()
    expect(errors).toHaveLength(2)
  })

  test('goes on after a failure, of which onError is told', async () => {
    const subscription = await opened()
    log.isDeaf = true
    await other.publish('c', 1)
    const down = new Error('down')
    log.fail('heads', down, 1)
    await vi.advanceTimersByTimeAsync(HEARTBEAT)
    expect(errors).toEqual([down])
    await vi.advanceTimersByTimeAsync(HEARTBEAT)
    expect(await take(subscription, 1)).toEqual([1])
  })

  test('lasts as long as there are readers, and begins again with the next one', async () => {
    await (await opened()).return()
    await vi.advanceTimersByTimeAsync(LINGER)
    const { heads } = log.calls
    await vi.advanceTimersByTimeAsync(10 * HEARTBEAT)
    expect(log.calls.heads).toBe(heads)
    await opened()
    await vi.advanceTimersByTimeAsync(HEARTBEAT)
    expect(log.calls.heads).toBe(heads + 2)
  })

  test('keeps no process alive', async () => {
    const unref = vi.fn()
    const set = vi.spyOn(globalThis, 'setInterval').mockReturnValue({ unref } as never)
    publisher.subscribe('c')
    await settle()
    expect(unref).toHaveBeenCalled()
    set.mockRestore()
  })
})
