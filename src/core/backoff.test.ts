import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { backoffDelay } from './backoff.ts'

const ceiling = (retry: number, options = {}): number => backoffDelay(retry, { ...options, random: () => 1 })

describe('backoffDelay', () => {
  test('doubles its ceiling from half a second to thirty', () => {
    expect([1, 2, 3, 4, 5, 6, 7, 8].map((retry) => ceiling(retry))).toEqual([
      500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000,
    ])
  })

  test('spreads out from the first retry on', () => {
    expect(backoffDelay(1, { random: () => 0 })).toBe(0)
    expect(backoffDelay(1, { random: () => 0.25 })).toBe(125)
  })

  test('begins and ends where it is told to', () => {
    expect(ceiling(1, { initialDelay: 10 })).toBe(10)
    expect(ceiling(4, { initialDelay: 10, maxDelay: 50 })).toBe(50)
    expect(ceiling(1, { initialDelay: 100, maxDelay: 50 })).toBe(50)
  })

  test('takes undefined options for the defaults', () => {
    expect(backoffDelay(1, { initialDelay: undefined, maxDelay: undefined, random: () => 1 })).toBe(500)
  })

  test('stays between zero and the maximum however long it goes on', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5000 }), fc.nat(1000), fc.nat(60_000), (retry, initialDelay, maxDelay) => {
        const delay = backoffDelay(retry, { initialDelay, maxDelay })
        expect(delay).toBeGreaterThanOrEqual(0)
        expect(delay).toBeLessThanOrEqual(maxDelay)
      }),
      { seed: 1 },
    )
  })

  test('stays at zero when it begins there', () => {
    expect(ceiling(5000, { initialDelay: 0 })).toBe(0)
  })
})
