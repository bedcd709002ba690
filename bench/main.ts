import { parseArgs } from 'node:util'
import { buildServers } from './tools/build-servers.ts'
import { type Case, CONTENDER_NAMES, type Figure } from './tools/case.ts'
import { ProgressBar } from './tools/progress-bar.ts'
import { measureInRounds } from './tools/rounds.ts'
import { formatNumber, median } from './tools/statistics.ts'
import { formatTable } from './tools/table.ts'
import { allCases } from './workloads/all-cases.ts'

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true },
    contenders: { type: 'string' },
    rounds: { type: 'string' },
    quick: { type: 'boolean' },
    list: { type: 'boolean' },
    profiles: { type: 'string' },
  },
})
// Servers are started deep inside the workloads.
if (values.profiles !== undefined) process.env['BENCH_PROFILES'] = values.profiles
const quick = values.quick ?? false
const rounds = Number(values.rounds ?? (quick ? 3 : 5))

const cases = allCases({ quick }).filter(
  ({ name }) => values.only === undefined || values.only.some((only) => name === only || name.startsWith(`${only}/`)),
)
if (values.list) {
  for (const { name } of cases) console.log(name)
  process.exit()
}
await buildServers()
const chosen = ({ contenders }: Case): readonly string[] =>
  contenders.filter((name) => values.contenders === undefined || values.contenders.split(',').includes(name))
const total = cases.reduce((steps, one) => steps + chosen(one).length * rounds, 0)
const progress = new ProgressBar(total)
for (const one of cases) {
  const figures = await measureInRounds(chosen(one), rounds, async (contender) => {
    progress.show(`${one.name}: ${contender}`)
    const figure = await one.measure(contender)
    progress.step(`${one.name}: ${contender} ${formatNumber(figure.value)}`)
    return figure
  })
  progress.clear()
  console.log(`\n${one.title} (${one.unit}), ${rounds} rounds\n\n${compare(figures)}\n`)
}
process.exit()

function compare(figures: ReadonlyMap<string, readonly Figure[]>): string {
  const all = [...figures]
  const middle = (list: readonly Figure[]): number => median(list.map(({ value }) => value))
  const base = middle(all[0]?.[1] ?? [])
  const beside = Object.keys(all[0]?.[1][0]?.beside ?? {})
  const rows = all.map(([contender, list]) => [
    CONTENDER_NAMES[contender] ?? contender,
    formatNumber(middle(list)),
    `× ${(middle(list) / base).toFixed(2)}`,
    `${formatNumber(Math.min(...list.map(({ value }) => value)))} … ${formatNumber(Math.max(...list.map(({ value }) => value)))}`,
    ...beside.map((column) => formatNumber(median(list.map((figure) => figure.beside?.[column] ?? Number.NaN)))),
  ])
  return formatTable(['', 'median', 'ratio', 'range', ...beside], rows)
}
