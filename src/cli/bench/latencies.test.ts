import { expect, test } from 'vitest'
import { Latencies } from './latencies.ts'

test('quantiles are right to one per cent, however many there are', () => {
  const latencies = new Latencies()
  for (let n = 1; n <= 10_000; n++) latencies.add(n / 10)
  for (const part of [0.5, 0.9, 0.99, 0.999]) {
    expect(latencies.quantile(part) / (1000 * part)).toBeGreaterThanOrEqual(1)
    expect(latencies.quantile(part) / (1000 * part)).toBeLessThan(1.011)
  }
  expect(latencies.summary()).toMatchObject({ max: 1000, mean: 500.1 })
})

test('what took no time, or less, harms no quantile', () => {
  const latencies = new Latencies()
  for (const value of [-0.2, 0, 1, 2, 3]) latencies.add(value)
  expect(latencies.quantile(0.5)).toBeCloseTo(1, 1)
  expect(latencies.quantile(1)).toBe(3)
})

test('without any there is no quantile', () => {
  expect(new Latencies().quantile(0.5)).toBeNaN()
})
