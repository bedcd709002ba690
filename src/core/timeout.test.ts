import { getEventListeners } from 'node:events'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { later, outcome } from '../../test/tools/probes.ts'
import { withTimeout } from './timeout.ts'

const options = { milliseconds: 100, subject: 'The log' }
const never = new Promise<never>(() => {})

beforeEach(() => {
  vi.useFakeTimers()
})

afterEach(() => {
  vi.useRealTimers()
})

test('gives the promise its outcome and leaves no timer', async () => {
  const error = new Error('no')
  expect(await outcome(withTimeout(Promise.resolve(1), options))).toEqual({ value: 1 })
  expect(await outcome(withTimeout(Promise.reject(error), options))).toEqual({ error })
  expect(vi.getTimerCount()).toBe(0)
})

test('rejects with TIMEOUT, and says what did not answer', async () => {
  const late = later(withTimeout(never, options))
  await vi.advanceTimersByTimeAsync(99)
  expect(await outcome(late)).toBe('pending')
  await vi.advanceTimersByTimeAsync(1)
  expect(await outcome(late)).toMatchObject({
    error: { code: 'TIMEOUT', message: 'The log did not answer within 100 ms' },
  })
})

test('rejects with the reason of the signal, and takes its listener off', async () => {
  const controller = new AbortController()
  const reason = new Error('left')
  const { signal } = controller
  await withTimeout(Promise.resolve(1), { ...options, signal })
  expect(getEventListeners(signal, 'abort')).toEqual([])
  const left = later(withTimeout(never, { ...options, signal }))
  controller.abort(reason)
  expect(await outcome(left)).toEqual({ error: reason })
  expect(await outcome(withTimeout(never, { ...options, signal }))).toEqual({ error: reason })
  expect(vi.getTimerCount()).toBe(0)
})
