import { expect, test, vi } from 'vitest'
import { LateSignal } from './late-signal.ts'

test('the signal is asked for when somebody looks, and not before', () => {
  const { signal } = new AbortController()
  const ask = vi.fn(() => signal)
  const options = Object.assign(new LateSignal(Object.defineProperty({}, 'signal', { get: ask }) as never), {
    path: 'a',
  })
  const { path } = options
  expect([path, ask.mock.calls.length]).toEqual(['a', 0])
  expect(options.signal).toBe(signal)
})

test('the signal is taken along by what copies the options', () => {
  const source = new AbortController()
  const { path: _, ...rest } = Object.assign(new LateSignal(source), { path: 'a' })
  expect(rest).toEqual({ signal: source.signal })
})

test('options of different calls have the signals of their own', () => {
  const [one, other] = [new AbortController(), new AbortController()]
  expect([new LateSignal(one).signal, new LateSignal(other).signal]).toEqual([one.signal, other.signal])
})
