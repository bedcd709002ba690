import { formatNumber } from './statistics.ts'
import { colorOf, escapeXML, svg } from './svg.ts'

export interface BarChart {
  readonly title: string
  /** What a figure counts, such as `µs of CPU per event`. */
  readonly unit: string
  readonly bars: ReadonlyArray<{ readonly name: string; readonly value: number }>
}

const WIDTH = 640
const NAMES = 170
const FIGURES = 80
const ROW = 26
const TOP = 54

/** A picture of one bar per contender, in the order given; the shorter, the better. */
export function drawBars({ title, unit, bars }: BarChart): string {
  const longest = Math.max(...bars.map(({ value }) => value), Number.MIN_VALUE)
  const rows = bars.map(({ name, value }, index) => {
    const y = TOP + index * ROW
    const length = Math.max(1, (value / longest) * (WIDTH - NAMES - FIGURES))
    return [
      `<text class="name" x="${NAMES - 10}" y="${y + 14}" text-anchor="end">${escapeXML(name)}</text>`,
      `<rect x="${NAMES}" y="${y}" width="${length.toFixed(1)}" height="${ROW - 8}" rx="3" fill="${colorOf(name === 'Headwater' ? 0 : 1)}"/>`,
      `<text x="${(NAMES + length + 8).toFixed(1)}" y="${y + 14}">${formatNumber(value)}</text>`,
    ].join('')
  })
  return svg({ title, unit, width: WIDTH, height: TOP + bars.length * ROW + 6 }, rows)
}
