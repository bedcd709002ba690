import type { InspectorSample } from '../inspector-contract.ts'

/** A figure at a moment. */
export interface Point {
  readonly at: number
  readonly value: number
}

/** The time that charts show, in ms since 1970. */
export interface Span {
  readonly from: number
  readonly to: number
}

/** How much charts show at most and at least, in ms. */
const LONGEST = 120_000
const SHORTEST = 30_000

/** What charts show that have a first point and go on to now. */
export function spanOf(first: number, now: number): Span {
  return { from: Math.max(now - LONGEST, Math.min(first, now - SHORTEST)), to: now }
}

/** A figure over time. What is not there at a moment has no point. */
export function series(
  samples: readonly InspectorSample[],
  pick: (sample: InspectorSample) => number | undefined,
): Point[] {
  return samples.flatMap((sample) => {
    const value = pick(sample)
    return value === undefined ? [] : [{ at: sample.at, value }]
  })
}

/** How fast a figure that only grows did so, in units per second. One that begins anew counts from nothing. */
export function rates(points: readonly Point[]): Point[] {
  return points.slice(1).map((point, index) => {
    const before = points[index] as Point
    const grown = point.value >= before.value ? point.value - before.value : point.value
    return { at: point.at, value: grown / Math.max(0.001, (point.at - before.at) / 1000) }
  })
}

/** The newest value; 0 of none. */
export function latest(points: readonly Point[]): number {
  return points.at(-1)?.value ?? 0
}
