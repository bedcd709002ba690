/** The middle one: a round that something else disturbed does not move it. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other)
  const middle = sorted.length / 2
  const below = sorted[Math.ceil(middle) - 1] ?? Number.NaN
  return (below + (sorted[Math.floor(middle)] ?? below)) / 2
}

/** The value under which so much of the values lies, from 0 to 1. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((one, other) => one - other)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN
}

/** Three digits that count: `0.0123`, `1.23`, `1,230`. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return '-'
  const digits = Math.max(0, Math.min(4, 2 - Math.floor(Math.log10(Math.abs(value) || 1))))
  return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits })
}
