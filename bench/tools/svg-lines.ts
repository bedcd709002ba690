import { formatNumber } from './statistics.ts'
import { colorOf, escapeXML, svg } from './svg.ts'

export interface LineChart {
  readonly title: string
  /** What a figure counts, upwards. */
  readonly unit: string
  /** What grows, to the right. */
  readonly grows: string
  readonly lines: ReadonlyArray<{
    readonly name: string
    readonly points: ReadonlyArray<readonly [x: number, y: number]>
  }>
}

const [WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM] = [640, 300, 70, 130, 54, 44]

/** A picture of how a figure grows with something, both axes logarithmic: what is linear is a straight line. */
export function drawLines({ title, unit, grows, lines }: LineChart): string {
  const points = lines.flatMap((line) => line.points)
  const x = axis(
    points.map(([at]) => at),
    LEFT,
    WIDTH - RIGHT,
  )
  const y = axis(
    points.map(([, at]) => at),
    HEIGHT - BOTTOM,
    TOP,
  )
  const ticks = [...new Set(points.map(([at]) => at))].map(
    (at) => `<text x="${x(at)}" y="${HEIGHT - BOTTOM + 18}" text-anchor="middle">${at.toLocaleString('en')}</text>`,
  )
  const values = points.map(([, at]) => at)
  const grid = [Math.min(...values), Math.max(...values)].map(
    (at) =>
      `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(at)}" y2="${y(at)}" stroke="#8884"/><text x="${LEFT - 8}" y="${Number(y(at)) + 4}" text-anchor="end">${formatNumber(at)}</text>`,
  )
  const drawn = lines.map(({ name, points }, index) => {
    const path = points.map(([at, value]) => `${x(at)},${y(value)}`).join(' ')
    const dots = points.map(([at, value]) => `<circle cx="${x(at)}" cy="${y(value)}" r="3" fill="${colorOf(index)}"/>`)
    const legend = `<text x="${WIDTH - RIGHT + 12}" y="${TOP + 16 + index * 20}" style="fill:${colorOf(index)}">${escapeXML(name)}</text>`
    return `<polyline points="${path}" fill="none" stroke="${colorOf(index)}" stroke-width="2"/>${dots.join('')}${legend}`
  })
  const below = `<text x="${(LEFT + WIDTH - RIGHT) / 2}" y="${HEIGHT - 8}" text-anchor="middle">${escapeXML(grows)}</text>`
  return svg({ title, unit, width: WIDTH, height: HEIGHT }, [...grid, ...ticks, ...drawn, below])
}

function axis(values: readonly number[], from: number, to: number): (value: number) => string {
  const [low, high] = [Math.log(Math.min(...values)), Math.log(Math.max(...values))]
  return (value) => (from + ((Math.log(value) - low) / (high - low || 1)) * (to - from)).toFixed(1)
}
