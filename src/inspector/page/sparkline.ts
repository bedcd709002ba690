import { svg } from './dom.ts'
import type { Point, Span } from './series.ts'

const WIDTH = 120
const HEIGHT = 28

/** Points further apart, in ms, are not joined: nobody looked between them. */
const LONGEST_STEP = 3500

/** A small chart of the last minutes, drawn over and over. It is decoration: the figure beside it tells. */
export class Sparkline {
  readonly #line = svg('path', { class: 'spark-line' })
  readonly #area = svg('path', { class: 'spark-area' })
  readonly element: SVGSVGElement = svg(
    'svg',
    { class: 'spark', viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: 'none', 'aria-hidden': 'true' },
    this.#area,
    this.#line,
  )

  update(points: readonly Point[], { from, to }: Span): void {
    const shown = points.filter(({ at }) => at >= from)
    const runs = toRuns(shown).filter((run) => run.length > 1)
    const highest = Math.max(1, ...shown.map(({ value }) => value))
    const across = ({ at }: Point): string => ((WIDTH * (at - from)) / (to - from)).toFixed(1)
    const place = (point: Point): string => {
      const y = HEIGHT - 1.5 - (HEIGHT - 4) * (point.value / highest)
      return `${across(point)},${y.toFixed(1)}`
    }
    const lines = runs.map((run) => `M${run.map(place).join('L')}`)
    this.#line.setAttribute('d', lines.join(''))
    const areas = runs.map((run) => {
      const [left, right] = [across(run[0] as Point), across(run.at(-1) as Point)]
      return `M${left},${HEIGHT}L${run.map(place).join('L')}L${right},${HEIGHT}Z`
    })
    this.#area.setAttribute('d', areas.join(''))
  }
}

/** Points that follow each other without a pause. */
function toRuns(points: readonly Point[]): Point[][] {
  const runs: Point[][] = []
  for (const point of points) {
    const run = runs.at(-1)
    const before = run?.at(-1)
    if (run !== undefined && before !== undefined && point.at - before.at <= LONGEST_STEP) run.push(point)
    else runs.push([point])
  }
  return runs
}
