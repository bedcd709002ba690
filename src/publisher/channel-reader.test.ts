import { describe, expect, test, vi } from 'vitest'
import type { Operation } from '../../test/tools/controlled-log.ts'
import { later, outcome, settle, take } from '../../test/tools/probes.ts'
import { type Events, errors, log, other, publisher, useTwoPublishers } from '../../test/tools/two-publishers.ts'
import { Publisher } from './publisher.ts'

const DOWN = new Error('down')

useTwoPublishers()

const numbers = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, n) => from + n)
const publishNumbers = (from: number, to: number, by: Publisher<Events>) =>
  Promise.all(numbers(from, to).map((n) => by.publish('c', n)))

async function live(options = {}) {
  const subscription = publisher.subscribe('c', options)
  await subscription.ready
  return subscription
}

describe('what this process appends while a page is on its way', () => {
  test('comes once and in order, whichever of the two comes first', async () => {
    const subscription = await live()
    const hold = log.hold('read')
    log.wake('c')
    await settle()
    await publishNumbers(1, 3, publisher)
    await publishNumbers(4, 5, other)
    hold.release()
    await publishNumbers(6, 7, publisher)
    expect(await take(subscription, 7)).toEqual(numbers(1, 7))
  })

  test('waits for what others appended before it', async () => {
    const subscription = await live()
    const hold = log.hold('read')
    await publishNumbers(1, 2, other)
    await publishNumbers(3, 4, publisher)
    const pending = later(subscription.next())
    expect(await outcome(pending)).toBe('pending')
    hold.release()
    expect((await pending).value).toBe(1)
    expect(await take(subscription, 3)).toEqual([2, 3, 4])
  })

  test('comes once although its answer comes after the page that has it', async () => {
    const subscription = await live()
    const hold = log.hold('append')
    const call = publisher.publish('c', 1)
    expect(await take(subscription, 1)).toEqual([1])
    await publishNumbers(2, 2, other)
    hold.release()
    await call
    await publishNumbers(3, 3, publisher)
    expect(await take(subscription, 2)).toEqual([2, 3])
  })

  test('is not in a subscription that begins after it, though the tail has not come so far', async () => {
    await live()
    const hold = log.hold('read')
    await publishNumbers(1, 1, other)
    const { id } = await publisher.publish('c', 2)
    const subscription = publisher.subscribe('c')
    const call = publisher.publish('c', 3)
    hold.release()
    expect(await take(subscription, 1)).toEqual([3])
    expect(await subscription.ready).toBe(id)
    await call
  })

  test('comes once although the reader is set back to an older page, behind what was trimmed', async () => {
    const forgetful = new Publisher<Events>(log, { retention: { events: 1 } })
    const subscription = forgetful.subscribe('c')
    const events = subscription.next()
    await subscription.ready
    log.isDeaf = true
    const first = log.hold('append')
    const calls = publishNumbers(1, 3, forgetful)
    await settle()
    const second = log.hold('append')
    first.release()
    await settle()
    log.isDeaf = false
    const hold = log.hold('read')
    log.wake('c')
    await settle()
    second.release()
    await calls
    await publishNumbers(4, 4, forgetful)
    hold.release()
    await settle()
    await publishNumbers(5, 5, forgetful)
    expect((await events).value).toBe(1)
    expect(await take(subscription, 4)).toEqual(numbers(2, 5))
    expect(await outcome(subscription.next())).toBe('pending')
    await Promise.all([subscription.return(), forgetful.close()])
  })
})

describe('while the log is down', () => {
  test('nothing is lost: reading is tried again, and onError is told each time', async () => {
    const subscription = await live()
    log.fail('read', DOWN, 5)
    await publishNumbers(1, 3, other)
    const events = later(take(subscription, 3))
    await vi.advanceTimersByTimeAsync(5000)
    expect(await events).toEqual([1, 2, 3])
    expect(errors).toEqual(Array(5).fill(DOWN))
    await publishNumbers(4, 4, other)
    expect(await take(subscription, 1)).toEqual([4])
  })

  test('who reads history is kept waiting and goes on where it was', async () => {
    await publishNumbers(1, 600, other)
    const subscription = await live({ from: 'start' })
    expect(await take(subscription, 256)).toEqual(numbers(1, 256))
    log.fail('read', DOWN)
    const events = later(take(subscription, 344))
    await vi.advanceTimersByTimeAsync(60_000)
    expect(errors.length).toBeGreaterThan(20)
    log.mend('read')
    await vi.advanceTimersByTimeAsync(1000)
    expect(await events).toEqual(numbers(257, 600))
  })

  test('a subscription waits and starts later, with all that was published since its call', async () => {
    log.fail('heads', DOWN, 4)
    const subscription = publisher.subscribe('c')
    const call = publisher.publish('c', 1)
    const pending = later(subscription.next())
    expect(await outcome(pending)).toBe('pending')
    await vi.advanceTimersByTimeAsync(5000)
    expect((await pending).value).toBe(1)
    expect(errors).toEqual(Array(4).fill(DOWN))
    await call
    await publishNumbers(2, 2, other)
    expect(await take(subscription, 1)).toEqual([2])
  })

  test.each<Operation>(['watch', 'add'])(
    'nobody waits for wake-ups that cannot be had: %s fails',
    async (operation) => {
      log.fail(operation, DOWN, 4)
      const subscription = publisher.subscribe('c')
      expect(await outcome(publisher.publish('c', 1))).toHaveProperty('value')
      expect(await outcome(take(subscription, 1))).toEqual({ value: [1] })
      const pending = later(subscription.next())
      await publishNumbers(2, 2, other)
      expect(await outcome(pending)).toBe('pending')
      await vi.advanceTimersByTimeAsync(5000)
      expect((await pending).value).toBe(2)
      expect(errors).toEqual(Array(4).fill(DOWN))
      await publishNumbers(3, 3, other)
      expect(await outcome(take(subscription, 1))).toEqual({ value: [3] })
    },
  )

  test.each<Operation>(['watch', 'add'])(
    'wake-ups are asked for again when nothing answers: %s hangs',
    async (operation) => {
      const hold = log.hold(operation)
      const subscription = publisher.subscribe('c')
      const call = publisher.publish('c', 0)
      await vi.advanceTimersByTimeAsync(1000)
      expect(await outcome(call)).toHaveProperty('value')
      expect(await outcome(take(subscription, 1))).toEqual({ value: [0] })
      expect(errors).toMatchObject([{ code: 'TIMEOUT' }])
      hold.release()
      await vi.advanceTimersByTimeAsync(1000)
      expect([log.watches, log.watched]).toEqual([1, ['c']])
      await publishNumbers(1, 1, other)
      expect(await outcome(take(subscription, 1))).toEqual({ value: [1] })
    },
  )

  test('a reader goes on whose onError throws', async () => {
    const report = vi.spyOn(console, 'error').mockImplementation(() => {})
    const fussy = new Publisher<Events>(log, {
      onError: (error) => {
        throw error
      },
    })
    log.fail('heads', DOWN, 1)
    const subscription = fussy.subscribe('c')
    const call = fussy.publish('c', 1)
    await vi.advanceTimersByTimeAsync(1000)
    expect(await outcome(take(subscription, 1))).toEqual({ value: [1] })
    expect(report).toHaveBeenCalledWith(DOWN)
    report.mockRestore()
    await Promise.all([call, fussy.close()])
  })

  test('a page that never comes is asked for again', async () => {
    const subscription = await live()
    const hold = log.hold('read')
    const pending = later(subscription.next())
    await publishNumbers(1, 1, other)
    await vi.advanceTimersByTimeAsync(9_999)
    hold.abandon()
    expect(await outcome(pending)).toBe('pending')
    await vi.advanceTimersByTimeAsync(1000)
    expect(await outcome(pending)).toMatchObject({ value: { value: 1 } })
  })

  test('an append that wakes the reader before it knows where the channel ends is not lost', async () => {
    const hold = log.hold('heads')
    const subscription = publisher.subscribe('c')
    await settle()
    await publishNumbers(1, 1, other)
    hold.release()
    await subscription.ready
    expect(await take(subscription, 1)).toEqual([1])
    await publishNumbers(2, 2, other)
    expect(await take(subscription, 1)).toEqual([2])
  })
})

describe('a reader that is woken', () => {
  test('once reads all that is new, though it be many pages', async () => {
    const subscription = await live()
    log.isDeaf = true
    await publishNumbers(1, 700, other)
    log.isDeaf = false
    log.wake('c')
    expect(await take(subscription, 700)).toEqual(numbers(1, 700))
    expect(log.calls.read).toBe(3)
  })

  test('again and again while it reads reads once more, not once for each', async () => {
    const subscription = await live()
    const hold = log.hold('read')
    await publishNumbers(1, 50, other)
    for (let wakes = 0; wakes < 50; wakes++) log.wake('c')
    hold.release()
    expect(await take(subscription, 50)).toEqual(numbers(1, 50))
    await settle()
    expect(log.calls.read).toBeLessThanOrEqual(2)
  })
})
