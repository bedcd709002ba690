import { parseArgs } from 'node:util'
import { buildServers } from './tools/build-servers.ts'
import type { Case, Figure } from './tools/case.ts'
import { ProgressBar } from './tools/progress-bar.ts'
import { compare, writeDocs } from './tools/report.ts'
import { measureInRounds } from './tools/rounds.ts'
import { measureInSlices } from './tools/slices.ts'
import { formatNumber } from './tools/statistics.ts'
import { formatTable } from './tools/table.ts'
import { allCases } from './workloads/all-cases.ts'

const HELP = `npm run bench -- [options]

  --only NAME         a workload or one of its cases; may be given several times
  --contenders A,B    some of them only
  --rounds N          rounds of each case, 5 by default
  --quick             less work in each round, and 3 rounds
  --docs              write tables and pictures into docs/
  --profiles FOLDER   write CPU profiles of all servers there
  --list              say which cases there are`

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true },
    contenders: { type: 'string' },
    rounds: { type: 'string' },
    quick: { type: 'boolean', default: false },
    docs: { type: 'boolean', default: false },
    profiles: { type: 'string' },
    list: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})
if (values.help) finish(HELP)

const isChosen = ({ name }: Case): boolean =>
  values.only === undefined || values.only.some((only) => name === only || name.startsWith(`${only}/`))
const cases = allCases({ quick: values.quick }).filter(isChosen)
if (cases.length === 0) finish(`There is no such case: ${values.only?.join(', ')}. Ask with --list.`)
if (values.list) finish(cases.map(({ name }) => name).join('\n'))

// Servers are started deep inside the workloads.
if (values.profiles !== undefined) process.env['BENCH_PROFILES'] = values.profiles

const roundsOf = ({ rounds = Number.POSITIVE_INFINITY }: Case): number =>
  Math.min(rounds, Number(values.rounds ?? (values.quick ? 3 : 5)))
const contendersOf = ({ contenders }: Case): readonly string[] =>
  contenders.filter((name) => values.contenders === undefined || values.contenders.split(',').includes(name))

await buildServers()
const progress = new ProgressBar(cases.reduce((steps, one) => steps + contendersOf(one).length * roundsOf(one), 0))
for (const one of cases) {
  try {
    await run(one)
  } catch (error) {
    // The others may work.
    console.error(`\n${one.name} failed:`, error)
    process.exitCode = 1
  }
}
finish()

async function run(one: Case): Promise<void> {
  const figures = await measure(one)
  progress.clear()
  const { head, rows } = compare(figures)
  console.log(`\n${one.title} (${one.unit}), ${roundsOf(one)} rounds\n\n${formatTable(head, rows)}\n`)
  if (values.docs) writeDocs(one, figures)
}

async function measure(one: Case): Promise<Map<string, Figure[]>> {
  const contenders = contendersOf(one)
  const done = (contender: string, { value }: Figure): void =>
    progress.step(`${one.name}: ${contender} ${formatNumber(value)}`)
  if ('measure' in one) {
    return measureInRounds(contenders, roundsOf(one), async (contender) => {
      progress.show(`${one.name}: ${contender}`)
      const figure = await one.measure(contender)
      done(contender, figure)
      return figure
    })
  }
  const figures = new Map<string, Figure[]>(contenders.map((contender) => [contender, []]))
  for (let round = 0; round < roundsOf(one); round++) {
    progress.show(one.name)
    for (const [contender, figure] of await measureInSlices(contenders, one)) {
      figures.get(contender)?.push(figure)
      done(contender, figure)
    }
  }
  return figures
}

function finish(message?: string): never {
  if (message !== undefined) console.log(message)
  process.exit()
}
