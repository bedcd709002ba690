import { expect, test } from 'vitest'
import { LateAbort } from './late-abort.ts'

test('a signal that was asked for before hears of the abort', () => {
  const late = new LateAbort()
  const { signal } = late
  expect(signal.aborted).toBe(false)
  late.abort('left')
  expect([signal.reason, late.aborted]).toEqual(['left', true])
})

test('a signal that is asked for afterwards has aborted, with the first reason', () => {
  const late = new LateAbort()
  late.abort('left')
  late.abort('again')
  expect([late.signal.aborted, late.signal.reason]).toEqual([true, 'left'])
})

test('without a reason it aborts with an AbortError', () => {
  const late = new LateAbort()
  late.abort()
  expect(late.signal.reason).toMatchObject({ name: 'AbortError' })
})
