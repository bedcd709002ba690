import { runCampaign } from './campaign.ts'
import { cellsOf } from './cells.ts'
import { MUTANTS, type Mutant } from './mutants.ts'

/** So many seeds are tried for each cell of a mutant. */
const SEEDS = 4

export interface Catch {
  readonly promise: string
  readonly what: string
  readonly runs: number
}

/** Where a mutant is caught first; `undefined` when it gets away. */
export async function catchMutant({ cells, patches }: Mutant): Promise<Catch | undefined> {
  const jobs = Array.from({ length: SEEDS }, (_, seed) =>
    cells.flatMap(cellsOf).map((cell) => ({ cell, seed: seed + 1 })),
  ).flat()
  let caught: Catch | undefined
  let runs = 0
  await runCampaign({
    jobs,
    patches,
    onResult: ({ violations }) => {
      runs++
      const [violation] = violations
      if (violation === undefined) return true
      caught = { promise: violation.promise, what: violation.what, runs }
      return false
    },
  })
  return caught
}

/** Tries all mutants and says of each what became of it; whether all were caught. */
export async function checkMutants(say: (line: string) => void, only = ''): Promise<boolean> {
  let away = 0
  say('| deliberate bug | caught by | in run | as |')
  say('|---|---|---|---|')
  const chosen = MUTANTS.filter(({ name }) => name.includes(only))
  for (const mutant of chosen) {
    const caught = await catchMutant(mutant)
    if (caught === undefined) away++
    const what = caught?.what.split('\n')[0]?.slice(0, 90)
    say(
      caught === undefined
        ? `| ${mutant.name} | **nobody** | | |`
        : `| ${mutant.name} | ${caught.promise} | ${caught.runs} | ${what} |`,
    )
  }
  say(`\n${chosen.length - away} of ${chosen.length} were caught`)
  return away === 0
}
