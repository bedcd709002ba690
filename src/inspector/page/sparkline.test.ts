// @vitest-environment happy-dom
import { expect, test } from 'vitest'
import type { Point } from './series.ts'
import { Sparkline } from './sparkline.ts'

const SPAN = { from: 0, to: 30_000 }

/** The places of each line that is drawn. */
function drawn(points: readonly Point[], span = SPAN): number[][][] {
  const chart = new Sparkline()
  chart.update(points, span)
  const path = chart.element.querySelector('.spark-line')?.getAttribute('d') ?? ''
  return path
    .split('M')
    .slice(1)
    .map((line) => line.split('L').map((place) => place.split(',').map(Number)))
}

const points = (...values: readonly (readonly [seconds: number, value: number])[]): Point[] =>
  values.map(([seconds, value]) => ({ at: seconds * 1000, value }))

test('a chart goes from its left edge to its right one, larger values higher', () => {
  const [line = []] = drawn(points([0, 0], [3, 10], [6, 5]))
  expect(line.map(([x]) => x)).toEqual([0, 12, 24])
  const [none, most, half] = line.map(([, y = 0]) => y) as [number, number, number]
  expect(most).toBeLessThan(half)
  expect(half).toBeLessThan(none)
})

test('moments at which nobody looked are a hole in the line, not a straight one', () => {
  expect(drawn(points([0, 1], [1, 1], [9, 1], [10, 1])).map((line) => line.length)).toEqual([2, 2])
})

test('one point alone is no line', () => {
  expect(drawn(points([0, 1], [20, 3]))).toEqual([])
})

test('what is older than the chart is neither drawn nor measured against', () => {
  const chart = points([1, 1000], [12, 1], [13, 2])
  const [line = []] = drawn(chart, { from: 10_000, to: 40_000 })
  expect(line).toHaveLength(2)
  expect(line[1]?.[1]).toBeLessThan(5)
})

test('values stay within the chart, all zeros on its ground', () => {
  const places = [...drawn(points([0, 0], [1, 0])), ...drawn(points([0, 1e9], [1, 3]))].flat()
  for (const [, y = Number.NaN] of places) {
    expect(y).toBeGreaterThan(0)
    expect(y).toBeLessThan(28)
  }
})
