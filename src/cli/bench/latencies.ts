/** Each step of the scale is 1 % longer than the one before it. */
const STEP = Math.log(1.01)
/** The shortest that is told apart, in ms. */
const SHORTEST = 0.001

/** How long things took, to one per cent, in memory that does not grow with their number. */
export class Latencies {
  readonly #counts = new Map<number, number>()
  #count = 0
  #longest = 0
  #total = 0

  get count(): number {
    return this.#count
  }

  add(milliseconds: number): void {
    // A timer may fire a little before its time.
    const step = Math.ceil(Math.log(Math.max(milliseconds, SHORTEST) / SHORTEST) / STEP)
    this.#counts.set(step, (this.#counts.get(step) ?? 0) + 1)
    this.#count++
    this.#total += milliseconds
    this.#longest = Math.max(this.#longest, milliseconds)
  }

  /** In ms; `NaN` without any. @param part from 0 to 1. */
  quantile(part: number): number {
    let left = Math.ceil(this.#count * part)
    for (const step of [...this.#counts.keys()].sort((one, other) => one - other)) {
      left -= this.#counts.get(step) ?? 0
      if (left <= 0) return Math.min(SHORTEST * Math.exp(step * STEP), this.#longest)
    }
    return Number.NaN
  }

  summary(): LatencySummary {
    const ms = (value: number): number => Number(value.toPrecision(4))
    return {
      mean: ms(this.#total / this.#count),
      p50: ms(this.quantile(0.5)),
      p90: ms(this.quantile(0.9)),
      p99: ms(this.quantile(0.99)),
      'p99.9': ms(this.quantile(0.999)),
      max: ms(this.#longest),
    }
  }
}

/** In ms. */
export type LatencySummary = Readonly<Record<'mean' | 'p50' | 'p90' | 'p99' | 'p99.9' | 'max', number>>
