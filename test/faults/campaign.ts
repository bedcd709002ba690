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
  /** How many runs are under way at once, no two on one log's server. Default 1. */
  readonly lanes?: number
  readonly patches?: readonly Patch[]
  /** Says whether to go on. */
  readonly onResult: (result: RunResult) => boolean | void
}

/** Runs many plans, those on one log's server one after the other: a fault of it is for all who use it. */
export async function runCampaign({ jobs, lanes = 1, patches, onResult }: CampaignOptions): Promise<void> {
  const programs = await bundlePrograms(patches)
  const waiting: Job[] = []
  const rest = jobs[Symbol.iterator]()
  const busy = new Set<string>()
  let isStopped = false
  const next = (): Job | undefined => {
    const index = waiting.findIndex(({ cell }) => !busy.has(cell.log))
    if (index >= 0) return waiting.splice(index, 1)[0]
    for (let drawn = rest.next(); !drawn.done; drawn = rest.next()) {
      if (!busy.has(drawn.value.cell.log)) return drawn.value
      waiting.push(drawn.value)
      if (waiting.length > 100) return undefined
    }
    return undefined
  }
  const lane = async (engines: Engines): Promise<void> => {
    for (;;) {
      const job = isStopped ? undefined : next()
      if (job === undefined) return
      if (hasServer(job.cell)) busy.add(job.cell.log)
      try {
        const result = await run(job.plan ?? planRun(job.seed, job.cell), { path: programs.path, engines })
        if (onResult(result) === false) isStopped = true
      } finally {
        busy.delete(job.cell.log)
      }
    }
  }
  const engines = new Engines()
  try {
    await Promise.all(Array.from({ length: lanes }, () => lane(engines)))
    // What was left waiting for a log that was busy.
    await lane(engines)
  } finally {
    await engines.stop()
    await programs.remove()
  }
}

function hasServer({ log }: Cell): boolean {
  return log !== 'memory' && log !== 'sqlite'
}
