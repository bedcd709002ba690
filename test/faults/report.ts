import { cellsOf } from './cells.ts'
import type { PromiseName } from './history.ts'
import { type Tally, triedOf } from './tally.ts'

export const REPORT_FILE = 'docs/reliability.md'

const BEGIN = '<!-- figures -->'
const END = '<!-- /figures -->'

/** What each promise says, in short, and by what the harness would see it broken. */
const PROMISES: readonly (readonly [PromiseName, string, string])[] = [
  ['S1', 'every event once, in order, or a gap', 'a hole, a repeat, another order, a changed event, an id given twice'],
  ['S2', 'only `done` or `error` ends a stream', 'a stream that ends, or fails with anything but a gap'],
  ['S3', 'lost wake-ups and dead connections surface by themselves (S3, S4)', 'an event that comes late, or never'],
  ['S5', 'slow consumers cost bounded bytes', 'bytes that wait for one connection'],
  ['S6', 'no event on credentials that are over', "an event behind its token's end"],
  ['S7', 'SSE, WebSockets and MessagePorts show the same', 'two readers over different transports that differ'],
  [
    'P1',
    'what was acknowledged is there',
    'an acknowledged event that the log does not have; a refused one that it has',
  ],
  ['P2', 'one key, one append', 'an event at two places of one history'],
  ['P3', "one order for all, each publisher's calls in theirs", "two of a publisher's events the other way round"],
  ['P4', 'transactions are whole', 'an event that was rolled back and is there'],
  ['P5', 'subscribers never block publishers', 'an acknowledgement that waits where no fault is in its way'],
  ['O1', 'nothing is trimmed before its time', 'a gap over what retention still keeps'],
  ['O2', 'reads of the log do not grow with its subscribers', 'more reads than events and polls explain'],
  ['O4', 'nothing is left behind', 'a subscription without a client; a closed process that does not end; a crash'],
]

export const REPORTED: readonly PromiseName[] = PROMISES.map(([promise]) => promise)

/** The page with the figures of a campaign between its marks. */
export function withReport(page: string, tally: Tally, command: string): string {
  const begin = page.indexOf(BEGIN)
  const end = page.indexOf(END)
  if (begin === -1 || end === -1) throw new Error(`${REPORT_FILE} has no place for the figures: ${BEGIN} … ${END}`)
  return `${page.slice(0, begin + BEGIN.length)}\n\n${formatReport(tally, command)}\n\n${page.slice(end)}`
}

function formatReport(tally: Tally, command: string): string {
  const rows = PROMISES.map(([promise, says, shows]) => {
    const { runs, faults, seen, broken } = triedOf(tally, promise)
    return `| ${promise} | ${says} | ${shows} | ${runs} | ${faults} | ${seen} | ${broken} |`
  })
  return [
    `\`${command}\`: ${tally.runs} runs of ${tally.cells.size} of the ${cellsOf().length} cells, ${tally.faults} faults, ${tally.published}`,
    `events acknowledged, ${tally.seen} seen over ${tally.openings} openings, ${tally.gaps} gaps. Promises broken: ${tally.failed === 0 ? 'none' : `in ${tally.failed} runs`}.`,
    '',
    '| | promise | broken would be | runs | faults survived | events checked | broken |',
    '|---|---|---|---|---|---|---|',
    ...rows,
  ].join('\n')
}
