import type { Entry, PromiseName } from './history.ts'
import type { RunResult } from './run.ts'

/** What a number of runs come to. */
export interface Tally {
  runs: number
  failed: number
  faults: number
  published: number
  seen: number
  gaps: number
  resumes: number
  readonly violations: Map<PromiseName, number>
  readonly cells: Set<string>
}

export function createTally(): Tally {
  return {
    ...{ runs: 0, failed: 0, faults: 0, published: 0, seen: 0, gaps: 0, resumes: 0 },
    violations: new Map(),
    cells: new Set(),
  }
}

export function addRun(tally: Tally, { plan, history, violations }: RunResult): void {
  const count = (type: Entry['type']): number => history.filter((entry) => entry.type === type).length
  tally.runs++
  tally.failed += violations.length > 0 ? 1 : 0
  tally.faults += count('fault')
  tally.published += count('acked')
  tally.seen += count('seen')
  tally.gaps += count('gap')
  tally.resumes += count('open')
  tally.cells.add(`${plan.cell.transport}/${plan.cell.log}`)
  for (const { promise } of violations) tally.violations.set(promise, (tally.violations.get(promise) ?? 0) + 1)
}
