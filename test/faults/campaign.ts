import type { Cell } from './cells.ts'
import { Engines } from './engines.ts'
import { type Plan, planRun } from './plan.ts'
import { bundlePrograms, type Patch } from './programs.ts'
import { type RunResult, run } from './run.ts'

export interface Job {
  readonly cell: Cell
  readonly seed: number
  /** Another plan than the seed's. */
  readonly plan?: Plan
}

export interface CampaignOptions {
  /** Taken one by one; what it yields may depend on the time. */
  readonly jobs: Iterable<Job>
  /** How many runs are under way at once. Default 1. */
  readonly lanes?: number
  readonly patches?: readonly Patch[]
  /** Says whether to go on. */
  readonly onResult: (result: RunResult) => boolean | void
}

/** Runs many plans, each with an engine that is its own meanwhile. */
export async function runCampaign({ jobs, lanes = 1, patches, onResult }: CampaignOptions): Promise<void> {
  const programs = await bundlePrograms(patches)
  const engines = new Engines()
  const rest = jobs[Symbol.iterator]()
  let isStopped = false
  const lane = async (): Promise<void> => {
    for (let next = rest.next(); !next.done && !isStopped; next = rest.next()) {
      const { cell, seed, plan = planRun(seed, cell) } = next.value
      const engine = await engines.take(cell.log)
      const result = await run(plan, { path: programs.path, engine, lanes })
      engines.giveBack(cell.log, engine)
      if (onResult(result) === false) isStopped = true
    }
  }
  try {
    await Promise.all(Array.from({ length: lanes }, lane))
  } finally {
    await engines.stop()
    await programs.remove()
  }
}
