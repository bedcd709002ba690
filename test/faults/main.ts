// Runs the fault harness: `npm run faults -- --help`.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Job, runCampaign } from './campaign.ts'
import { cellsOf, formatCell } from './cells.ts'
import { checkMutants } from './check-mutants.ts'
import { drawStory } from './picture.ts'
import { formatPlan, parsePlan } from './plan-file.ts'
import { REPORT_FILE, REPORTED, withReport } from './report.ts'
import { commandFor, type RunResult } from './run.ts'
import { tellStory } from './story.ts'
import { addRun, createTally } from './tally.ts'

const HELP = `npm run faults -- [options]

  --minutes N    goes through the whole matrix, seed after seed, for so long
  --seed N       the first seed, or without --minutes the only one. Default: by the time
  --runs N       so many seeds of each cell. Default 1
  --cell a/b/c   transport/log/fault, such as sse/redis/cut, */postgres, ws/*/mixed. Default: all
  --plan FILE    one run again whose plan was kept in a file
  --lanes N      so many runs at once. Default 2
  --report       writes the figures into ${REPORT_FILE}
  --mutants      breaks the library on purpose, and shows whether the harness notices
  --only TEXT    only the mutants whose name has it

A run that fails tells its story here and draws it in .faults/*.html, with its plan beside it.
`

const { values } = parseArgs({
  options: {
    minutes: { type: 'string' },
    seed: { type: 'string' },
    runs: { type: 'string', default: '1' },
    cell: { type: 'string', default: '' },
    plan: { type: 'string' },
    lanes: { type: 'string', default: '2' },
    report: { type: 'boolean', default: false },
    mutants: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    help: { type: 'boolean', default: false },
  },
})

const startedAt = Date.now()
const first = Number(values.seed ?? startedAt % 1_000_000)
const minutes = values.minutes === undefined ? undefined : Number(values.minutes)

/** Seed after seed through the matrix, each from another cell on, so that those that end too soon do not leave out the same. */
function* jobs(): Generator<Job> {
  if (values.plan !== undefined) {
    const plan = parsePlan(readFileSync(values.plan, 'utf8'))
    return yield { ...plan, plan }
  }
  const cells = cellsOf(values.cell)
  for (let seed = first; ; seed++) {
    if (minutes === undefined && seed >= first + Number(values.runs)) return
    for (let index = 0; index < cells.length; index++) {
      if (minutes !== undefined && Date.now() - startedAt > minutes * 60_000) return
      // A step that shares no factor with the length meets all of them, logs and transports in turn.
      yield { cell: cells[((index + seed * 97) * stepFor(cells.length)) % cells.length] as Job['cell'], seed }
    }
  }
}

function stepFor(length: number): number {
  const divides = (one: number, other: number): number => (other === 0 ? one : divides(other, one % other))
  for (let step = Math.floor(length * 0.38); step > 1; step--) if (divides(length, step) === 1) return step
  return 1
}

function show(result: RunResult): void {
  const { plan, history, violations } = result
  const seen = history.filter(({ type }) => type === 'seen').length
  console.log(
    `${violations.length === 0 ? 'kept  ' : 'BROKEN'} ${formatCell(plan.cell).padEnd(28)} seed ${plan.seed}  ${seen} events seen`,
  )
  if (violations.length === 0) return
  const story = { ...result, command: commandFor(plan) }
  mkdirSync('.faults', { recursive: true })
  const file = join('.faults', `${formatCell(plan.cell).replaceAll('/', '-')}-${plan.seed}`)
  writeFileSync(`${file}.html`, drawStory(story))
  writeFileSync(`${file}.jsonl`, formatPlan(plan))
  console.log(`${tellStory(story)}\n  drawn in ${file}.html, its plan is in ${file}.jsonl\n`)
}

if (values.help) console.log(HELP)
else if (values.mutants) process.exitCode = (await checkMutants(console.log, values.only)) ? 0 : 1
else {
  const tally = createTally()
  await runCampaign({
    jobs: jobs(),
    lanes: Number(values.lanes),
    onResult: (result) => {
      addRun(tally, result, REPORTED)
      show(result)
    },
  })
  const command = `npm run faults -- ${process.argv
    .slice(2)
    .filter((argument) => argument !== '--report')
    .join(' ')}`.trim()
  const page = withReport(readFileSync(REPORT_FILE, 'utf8'), tally, command)
  if (values.report) writeFileSync(REPORT_FILE, page)
  const lost = tally.failed === 0 ? 'no promise was broken' : `promises were broken in ${tally.failed} of them`
  console.log(
    `\n${tally.runs} runs, ${tally.faults} faults, ${tally.published} events acknowledged, ${tally.seen} seen: ${lost}`,
  )
  process.exitCode = tally.failed === 0 ? 0 : 1
}
