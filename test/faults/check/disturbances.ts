import type { Entry, Fault } from '../history.ts'

interface Disturbance {
  readonly fault: Fault
  readonly from: number
  to: number
}

/** When which faults were under way. */
export class Disturbances {
  readonly #all: Disturbance[] = []

  constructor(history: readonly Entry[]) {
    const open = new Map<string, Disturbance>()
    for (const entry of history) {
      if (entry.type === 'fault') {
        const disturbance = { fault: entry, from: entry.at, to: Number.POSITIVE_INFINITY }
        open.set(entry.fault, disturbance)
        this.#all.push(disturbance)
      }
      const healed = entry.type === 'healed' ? open.get(entry.fault) : undefined
      if (healed !== undefined) healed.to = entry.at
    }
  }

  /** Whether none, or none of those that count, was under way between two times. */
  isCalm(from: number, to: number, counts: (fault: Fault) => boolean = () => true): boolean {
    return !this.#all.some((one) => one.from <= to && one.to >= from && counts(one.fault))
  }
}
