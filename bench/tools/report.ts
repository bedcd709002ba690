import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { type Case, CONTENDER_NAMES, type Figure } from './case.ts'
import { formatNumber, median } from './statistics.ts'
import { drawBars } from './svg-bars.ts'
import { drawLines } from './svg-lines.ts'
import { formatMarkdownTable } from './table.ts'

const DOCS = join(import.meta.dirname, '..', '..', 'docs')
const PAGE = join(DOCS, 'benchmarks.md')
const PICTURES = join(DOCS, 'benchmarks')

/** The figures of all rounds of a case, by contender. */
export type Figures = ReadonlyMap<string, readonly Figure[]>

export interface Comparison {
  readonly head: readonly string[]
  readonly rows: ReadonlyArray<readonly string[]>
}

/** Medians, what they are of the first contender's, and how far the rounds are apart. */
export function compare(figures: Figures): Comparison {
  const all = [...figures].map(([contender, list]) => ({ contender, list, values: list.map(({ value }) => value) }))
  const base = median(all[0]?.values ?? [])
  const beside = Object.keys(all[0]?.list[0]?.beside ?? {})
  const rows = all.map(({ contender, list, values }) => [
    CONTENDER_NAMES[contender] ?? Number(contender).toLocaleString('en'),
    formatNumber(median(values)),
    `× ${(median(values) / base).toFixed(2)}`,
    `${formatNumber(Math.min(...values))} … ${formatNumber(Math.max(...values))}`,
    ...beside.map((column) => formatNumber(median(list.map((figure) => figure.beside?.[column] ?? Number.NaN)))),
  ])
  return { head: ['', 'median', 'ratio', 'range', ...beside], rows }
}

/** Draws a case's picture and puts its section in `docs/benchmarks.md`, in the place of the one that was there. */
export function writeDocs(one: Case, figures: Figures): void {
  const file = `${one.name.replaceAll('/', '-')}.svg`
  mkdirSync(PICTURES, { recursive: true })
  writeFileSync(join(PICTURES, file), draw(one, figures))
  const { head, rows } = compare(figures)
  const rounds = [...figures.values()][0]?.length ?? 0
  const section = [
    `### ${one.title}`,
    `![${one.title}, ${one.unit}](benchmarks/${file})`,
    formatMarkdownTable(head, rows),
    `\`npm run bench -- --only ${one.name}\`: ${one.unit}, median of ${rounds} round${rounds === 1 ? '' : 's'}; ${machine()}.`,
  ].join('\n\n')
  const [begin, end] = [`<!-- ${one.name} -->`, `<!-- end of ${one.name} -->`]
  const page = existsSync(PAGE) ? readFileSync(PAGE, 'utf8') : '# Benchmarks\n'
  const [before, after] = [page.indexOf(begin), page.indexOf(end)]
  const whole = `${begin}\n\n${section}\n\n${end}`
  const isNew = before === -1 || after === -1
  const text = isNew
    ? `${page.trimEnd()}\n\n${whole}\n`
    : page.slice(0, before) + whole + page.slice(after + end.length)
  writeFileSync(PAGE, text)
}

function draw({ title, unit, grows }: Case, figures: Figures): string {
  const bars = [...figures].map(([name, list]) => ({ name, value: median(list.map(({ value }) => value)) }))
  if (grows !== undefined) {
    const points = bars.map(({ name, value }) => [Number(name), value] as const)
    return drawLines({ title, unit, grows, lines: [{ name: 'Headwater', points }] })
  }
  return drawBars({
    title,
    unit,
    bars: bars.map(({ name, value }) => ({ name: CONTENDER_NAMES[name] ?? name, value })),
  })
}

function machine(): string {
  const [first, ...others] = cpus()
  return `${others.length + 1} cores of ${first?.model.trim()}, Node ${process.versions.node}`
}
