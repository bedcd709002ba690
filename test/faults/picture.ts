import { formatCell } from './cells.ts'
import type { Entry } from './history.ts'
import { type Story, sentence, tellStory } from './story.ts'

const LANE = 26
const LEFT = 150
const WIDTH = 1400

const COLOURS: Readonly<Partial<Record<Entry['type'], string>>> = {
  acked: '#2a7de1',
  unknown: '#e1a32a',
  refused: '#999',
  seen: '#2aa35a',
  gap: '#b04ad8',
  open: '#333',
  left: '#333',
  failed: '#d00',
  done: '#d00',
  'refused-opening': '#e1a32a',
}

/** The story as a page: a lane for the faults, one for each publisher, one for each reader, and what went wrong in red. */
export function drawStory(story: Story): string {
  const { history, violations, plan } = story
  const last = Math.max(1, ...history.map(({ at }) => at))
  const x = (at: number): number => LEFT + (at / last) * (WIDTH - LEFT - 20)
  const lanes = lanesOf(history)
  const y = (lane: string): number => 40 + lanes.indexOf(lane) * LANE
  const height = 60 + lanes.length * LANE
  const publishers = new Map<string, string>()
  for (const entry of history) if (entry.type === 'publish') publishers.set(entry.event, entry.publisher)
  const laneOf = (entry: Entry): string => {
    if ('reader' in entry) return entry.reader
    return ('event' in entry ? publishers.get(entry.event) : undefined) ?? 'faults'
  }
  const parts = [
    ...lanes.map(
      (lane) =>
        `<text x="6" y="${y(lane) + 4}">${escapeText(lane)}</text><line x1="${LEFT}" x2="${WIDTH - 20}" y1="${y(lane)}" y2="${y(lane)}" stroke="#eee"/>`,
    ),
    ...drawFaults(history, last, x, height),
    ...history.flatMap((entry) => drawEntry(entry, laneOf(entry), x, y)),
    ...violations.map(({ at, who, promise, what }) => {
      const lane = lanes.includes(who) ? y(who) : 40
      return `<g><title>${escapeText(`${promise}: ${what}`)}</title><circle cx="${x(at)}" cy="${lane}" r="9" fill="none" stroke="#d00" stroke-width="3"/><text x="${x(at) + 11}" y="${lane - 6}" fill="#d00">${promise}</text></g>`
    }),
  ]
  return `<!doctype html><meta charset="utf-8"><title>${escapeText(formatCell(plan.cell))}, seed ${plan.seed}</title>
<style>body{font:13px sans-serif;margin:20px}svg{font:11px sans-serif;border:1px solid #ddd}pre{background:#f6f6f6;padding:12px}</style>
<h1>${escapeText(formatCell(plan.cell))}, seed ${plan.seed}</h1>
<p>Blue: acknowledged. Yellow: not known. Grey: refused. Green: seen. Violet: a gap. Red rings: promises not kept. Bands: faults. Point at a mark to read it.</p>
<svg width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}">${parts.join('\n')}</svg>
<pre>${escapeText(tellStory(story))}</pre>
`
}

function lanesOf(history: readonly Entry[]): string[] {
  const publishers = new Set<string>()
  const readers = new Set<string>()
  for (const entry of history) {
    if (entry.type === 'publish') publishers.add(entry.publisher)
    if ('reader' in entry) readers.add(entry.reader)
  }
  return ['faults', ...[...publishers].sort(), ...[...readers].sort()]
}

function drawFaults(history: readonly Entry[], last: number, x: (at: number) => number, height: number): string[] {
  const faults = history.filter((entry) => entry.type === 'fault')
  return faults.map((entry, index) => {
    const healed = history.find((other) => other.type === 'healed' && other.fault === entry.fault)
    const width = Math.max(2, x(healed?.at ?? last) - x(entry.at))
    const band = `<rect x="${x(entry.at)}" y="20" width="${width}" height="${height - 30}" fill="#d00" opacity="0.07"/>`
    return `${band}<text x="${x(entry.at)}" y="${12 + (index % 3) * 11}" fill="#a00">${escapeText(entry.fault)} (${escapeText(entry.target)})</text>`
  })
}

function drawEntry(entry: Entry, lane: string, x: (at: number) => number, y: (lane: string) => number): string[] {
  const colour = COLOURS[entry.type]
  if (colour === undefined) return []
  const isLarge = entry.type === 'gap' || entry.type === 'failed' || entry.type === 'done'
  const shape =
    entry.type === 'open'
      ? `<path d="M${x(entry.at)} ${y(lane) - 6}v12" stroke="${colour}"/>`
      : `<circle cx="${x(entry.at)}" cy="${y(lane)}" r="${isLarge ? 5 : 2.5}" fill="${colour}"/>`
  return [`<g><title>${escapeText(`${Math.round(entry.at)} ms: ${sentence(entry)}`)}</title>${shape}</g>`]
}

function escapeText(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`)
}
