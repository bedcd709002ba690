import { expect, test } from 'vitest'
import type { InspectorSample } from '../inspector-contract.ts'
import { latest, rates, series, spanOf } from './series.ts'

test('a rate is what a counter grew by, for each second between two looks at it', () => {
  const points = [
    { at: 0, value: 10 },
    { at: 1000, value: 15 },
    { at: 3000, value: 25 },
    { at: 3500, value: 25 },
  ]
  expect(rates(points)).toEqual([
    { at: 1000, value: 5 },
    { at: 3000, value: 5 },
    { at: 3500, value: 0 },
  ])
})

test('a counter that begins anew, as after a restart of the server, never has a negative rate', () => {
  const points = [
    { at: 0, value: 1000 },
    { at: 1000, value: 4 },
  ]
  expect(rates(points)).toEqual([{ at: 1000, value: 4 }])
})

test('two looks at the same moment make no rate that is infinite', () => {
  const points = [
    { at: 1000, value: 1 },
    { at: 1000, value: 2 },
  ]
  expect(rates(points).map(({ value }) => Number.isFinite(value))).toEqual([true])
})

test('one look tells no rate, and none is 0', () => {
  expect(rates([{ at: 0, value: 5 }])).toEqual([])
  expect(latest([])).toBe(0)
})

test('what was not there at a moment has no point there, and a 0 has one', () => {
  const samples = [{ at: 1 }, { at: 2 }, { at: 3 }] as InspectorSample[]
  const values = [undefined, 0, 7]
  expect(series(samples, ({ at }) => values[at - 1])).toEqual([
    { at: 2, value: 0 },
    { at: 3, value: 7 },
  ])
})

test('charts show half a minute from the beginning, and two minutes at most', () => {
  const now = 1_000_000
  expect(spanOf(now - 5000, now)).toEqual({ from: now - 30_000, to: now })
  expect(spanOf(now - 70_000, now)).toEqual({ from: now - 70_000, to: now })
  expect(spanOf(now - 500_000, now)).toEqual({ from: now - 120_000, to: now })
})
