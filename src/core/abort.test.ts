import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { onAbort, sleep, unlessAborted } from './abort.ts'

/** How many abort listeners the signal has: what must be back at zero in the end. */
function countListeners(signal: AbortSignal): () => number {
  let count = 0
  const { addEventListener, removeEventListener } = signal
  signal.addEventListener = ((...args: Parameters<typeof addEventListener>) => {
    count++
    addEventListener.apply(signal, args)
  }) as typeof addEventListener
  signal.removeEventListener = ((...args: Parameters<typeof removeEventListener>) => {
    count--
    removeEventListener.apply(signal, args)
  }) as typeof removeEventListener
  return () => count
}

describe('onAbort', () => {
  test('runs the listener when the signal aborts, once', () => {
    const controller = new AbortController()
    const listener = vi.fn()
    onAbort(controller.signal, listener)
    expect(listener).not.toHaveBeenCalled()
    controller.abort()
    controller.abort()
    expect(listener).toHaveBeenCalledTimes(1)
  })

  test('runs the listener at once when the signal has aborted already', () => {
    const listener = vi.fn()
    onAbort(AbortSignal.abort(), listener)()
    expect(listener).toHaveBeenCalledTimes(1)
  })

  test('takes the listener off again', () => {
    const controller = new AbortController()
    const listener = vi.fn()
    const listeners = countListeners(controller.signal)
    const off = onAbort(controller.signal, listener)
    expect(listeners()).toBe(1)
    off()
    expect(listeners()).toBe(0)
    controller.abort()
    expect(listener).not.toHaveBeenCalled()
  })

  test('does nothing without a signal', () => {
    const listener = vi.fn()
    onAbort(undefined, listener)()
    expect(listener).not.toHaveBeenCalled()
  })
})

describe('unlessAborted', () => {
  const failure = new Error('failed')
  const never = new Promise<never>(() => {})

  test.each([
    ['the value', async () => 1, { status: 'fulfilled', value: 1 }],
    ['the failure', () => Promise.reject(failure), { status: 'rejected', reason: failure }],
  ])('gives %s of the promise, and leaves no listener behind', async (_, run, outcome) => {
    const { signal } = new AbortController()
    const listeners = countListeners(signal)
    expect((await Promise.allSettled([unlessAborted<unknown>(run(), signal)]))[0]).toEqual(outcome)
    await Promise.resolve()
    expect(listeners()).toBe(0)
  })

  test("rejects with the signal's reason, whatever the promise comes to", async () => {
    const controller = new AbortController()
    let fail!: (error: Error) => void
    const late = new Promise<never>((_, reject) => {
      fail = reject
    })
    const waiting = unlessAborted(late, controller.signal)
    controller.abort('enough')
    fail(failure)
    await expect(waiting).rejects.toBe('enough')
  })

  test('rejects at once when the signal has aborted', async () => {
    await expect(unlessAborted(never, AbortSignal.abort('enough'))).rejects.toBe('enough')
  })
})

describe('sleep', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  test('resolves when the time is over, not before, and leaves no listener behind', async () => {
    const { signal } = new AbortController()
    const listeners = countListeners(signal)
    const woken = vi.fn()
    const sleeping = sleep(100, signal).then(woken)
    await vi.advanceTimersByTimeAsync(99)
    expect(woken).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(1)
    await sleeping
    expect(woken).toHaveBeenCalledTimes(1)
    expect(listeners()).toBe(0)
  })

  test("rejects with the signal's reason and clears its timer", async () => {
    const controller = new AbortController()
    const sleeping = sleep(100, controller.signal)
    controller.abort('enough')
    await expect(sleeping).rejects.toBe('enough')
    expect(vi.getTimerCount()).toBe(0)
  })

  test('does not begin when the signal has aborted', async () => {
    await expect(sleep(100, AbortSignal.abort('enough'))).rejects.toBe('enough')
    expect(vi.getTimerCount()).toBe(0)
  })
})
