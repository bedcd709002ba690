import { formatCell } from './cells.ts'
import type { Entry, PromiseName } from './history.ts'
import type { Plan } from './plan.ts'
import type { RunResult } from './run.ts'

/** What was tried of a promise. */
export interface Tried {
  runs: number
  faults: number
  seen: number
  broken: number
}

/** What a number of runs come to. */
export interface Tally {
  runs: number
  failed: number
  faults: number
  published: number
  seen: number
  gaps: number
  openings: number
  readonly promises: Map<PromiseName, Tried>
  readonly cells: Set<string>
}

/** Promises that not every run can break. */
const TRIED_IN: Readonly<Partial<Record<PromiseName, (plan: Plan) => boolean>>> = {
  S6: ({ steps }) => steps.some((step) => step.do === 'join' && step.command.tokenTime > 0),
  S7: ({ cell }) => cell.transport === 'all',
  P4: ({ cell }) => cell.log === 'sqlite' || cell.log === 'postgres',
  O1: ({ retention }) => retention.events !== undefined || retention.seconds !== undefined,
}

export function createTally(): Tally {
  return {
    ...{ runs: 0, failed: 0, faults: 0, published: 0, seen: 0, gaps: 0, openings: 0 },
    promises: new Map(),
    cells: new Set(),
  }
}

export function triedOf({ promises }: Tally, promise: PromiseName): Tried {
  const tried = promises.get(promise) ?? { runs: 0, faults: 0, seen: 0, broken: 0 }
  promises.set(promise, tried)
  return tried
}

export function addRun(tally: Tally, { plan, history, violations }: RunResult, promises: readonly PromiseName[]): void {
  const count = (type: Entry['type']): number => history.filter((entry) => entry.type === type).length
  const [faults, seen] = [count('fault'), count('seen')]
  tally.runs++
  tally.failed += violations.length > 0 ? 1 : 0
  tally.faults += faults
  tally.published += count('acked')
  tally.seen += seen
  tally.gaps += count('gap')
  tally.openings += count('open')
  tally.cells.add(formatCell(plan.cell))
  for (const promise of promises) {
    if (TRIED_IN[promise]?.(plan) === false) continue
    const tried = triedOf(tally, promise)
    tried.runs++
    tried.faults += faults
    tried.seen += seen
  }
  for (const { promise } of violations) triedOf(tally, promise).broken++
}
