import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type Job, runCampaign } from './campaign.ts'
import { cellsOf } from './cells.ts'
import { catchMutant } from './check-mutants.ts'
import { MUTANTS, type Mutant } from './mutants.ts'
import { REGRESSIONS } from './regressions.ts'
import { commandFor } from './run.ts'
import { tellStory } from './story.ts'

/** The seed of the runs that are part of the tests. `npm run faults` tries others. */
const SEED = 1

/** Fails with the stories of the runs in which a promise was not kept. */
async function expectKept(jobs: readonly Job[]): Promise<void> {
  const stories: string[] = []
  let runs = 0
  await runCampaign({
    jobs,
    lanes: 3,
    onResult(result) {
      runs++
      if (result.violations.length > 0) stories.push(tellStory({ ...result, command: commandFor(result.plan) }))
    },
  })
  expect(stories.join('\n\n')).toBe('')
  expect(runs).toBe(jobs.length)
}

/** For a machine that is very busy. */
const TIMEOUT = 900_000

/** Every transport and every log, alone and with others. `npm run faults` goes through all cells. */
const CELLS = [
  'all/*/mixed',
  'sse/redis/mixed',
  'ws/postgres/mixed',
  'port/sqlite/mixed',
  'sse/nats/mixed',
  'ws/memory/mixed',
]

describe('the delivery contract', () => {
  test(
    'is kept on all transports and logs, whatever strikes',
    async () => {
      await expectKept(CELLS.flatMap((pattern) => cellsOf(pattern)).map((cell) => ({ cell, seed: SEED })))
    },
    TIMEOUT,
  )

  test.each(REGRESSIONS.map(({ found, plan }) => [found, plan] as const))(
    'is kept where it once was not: %s',
    async (_, plan) => expectKept([{ ...plan, plan }]),
    TIMEOUT,
  )
})

describe('the harness', () => {
  test.each(MUTANTS.map((mutant) => [mutant.name, mutant] as const))(
    'can still break the library: %s',
    (_, { patches }) => {
      for (const { file, find } of patches) {
        const source = readFileSync(join(import.meta.dirname, '..', '..', file), 'utf8')
        expect(source.split(find)).toHaveLength(2)
      }
    },
  )

  const quick = MUTANTS.filter(({ name }) => /end of a body|own object/.test(name))
  test.each(quick.map((mutant) => [mutant.name, mutant] as const))(
    'notices a library that was broken: %s',
    async (_, mutant: Mutant) => expect(await catchMutant(mutant)).toBeDefined(),
    TIMEOUT,
  )
})
