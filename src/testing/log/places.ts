import { type EventGapData, isEventGap } from '../../event/event-gap.ts'
import { formatId, NO_TAG, type Position, parseId } from '../../publisher/position.ts'
import { check, checkEqual, rejectionOf, show } from '../assert.ts'
import { ALL, appendEach, dataOf, headOf, numbers, readAll } from '../log-bench.ts'
import type { CheckDefinition } from './definition.ts'

type Log = Parameters<typeof headOf>[0]

/** @throws {Error} unless reading after the place is a gap with reason `'epoch'`; gives the gap's data. */
export async function checkEpochGap(log: Log, channel: string, after: Position, what: string): Promise<EventGapData> {
  const error = await rejectionOf(log.read(channel, after, ALL), `Reading after ${what}`)
  check(isEventGap(error), `Reading after ${what}: expected EVENT_GAP, got ${show(error)}`)
  checkEqual(error.data.reason, 'epoch', `The reason of the gap after ${what}`)
  checkEqual(error.data.lastEventId, formatId(after), `The lastEventId of the gap after ${what}`)
  return error.data
}

interface Known {
  readonly one: Position
  readonly last: Position
  readonly elsewhere: Position
}

const STRANGERS: readonly [what: string, make: (known: Known) => Position][] = [
  ['a forged tag', ({ last }) => ({ ...last, tag: 'forged' })],
  ['the tag of another append', ({ one, last }) => ({ ...last, tag: one.tag })],
  ['no tag where there is a record', ({ last }) => ({ ...last, tag: NO_TAG })],
  ['an offset beyond the head', ({ last }) => ({ ...last, offset: last.offset + 1 })],
  ['an offset far beyond the head', ({ last }) => ({ ...last, offset: 999_999_999_999_999 })],
  ['another epoch', ({ last }) => ({ ...last, epoch: 'another' })],
  ['another epoch far beyond the head', ({ last }) => ({ ...last, epoch: 'another', offset: 999_999_999_999_999 })],
  ['a place of another channel', ({ elsewhere }) => elsewhere],
]

export const placeChecks: readonly CheckDefinition[] = [
  ...STRANGERS.map(
    ([what, make]): CheckDefinition => ({
      name: `${what} is no place of this history: a gap with reason epoch`,
      async run(bench) {
        const [log, channel] = [await bench.log(), bench.channel()]
        const [one, , last] = await appendEach(log, channel, ['1', '2', '3'])
        const [elsewhere] = await appendEach(log, bench.channel('elsewhere'), ['1'])
        check(one !== undefined && last !== undefined && elsewhere !== undefined, 'No places')
        const gap = await checkEpochGap(log, channel, make({ one, last, elsewhere }), what)
        const head = parseId(gap.head ?? '')
        check(head !== undefined, `The gap names no head: ${show(gap)}`)
        bench.checkEnd(head, last, 'The head that the gap names')
      },
    }),
  ),
  {
    name: 'a gap names the places from which all that is left, or only what is to come, can be read',
    async run(bench) {
      const [log, channel] = [await bench.log(), bench.channel()]
      const [, last] = await appendEach(log, channel, ['1', '2'])
      check(last !== undefined, 'No place')
      const gap = await checkEpochGap(log, channel, { ...last, tag: 'forged' }, 'a forged tag')
      const [oldest, head] = [gap.oldest, gap.head].map((id) => parseId(id ?? ''))
      check(oldest !== undefined && head !== undefined, `The gap names no places: ${show(gap)}`)
      await appendEach(log, channel, ['3'])
      checkEqual(dataOf(await readAll(log, channel, oldest)), numbers(1, 3), 'What is after the oldest place')
      checkEqual(dataOf(await readAll(log, channel, head)), ['3'], 'What is after the head')
    },
  },
  {
    name: 'a channel that was only asked for keeps its place: what is appended later comes after it',
    async run(bench) {
      const [one, two] = await bench.logs(2)
      check(one !== undefined && two !== undefined, 'No log')
      const [asked, read] = [bench.channel('asked'), bench.channel('read')]
      const { position } = await headOf(one, asked)
      const { through } = await one.read(read, 'start', ALL)
      await appendEach(two, asked, numbers(1, 3))
      await appendEach(two, read, numbers(1, 3))
      checkEqual(dataOf(await readAll(one, asked, position)), numbers(1, 3), 'What is after the place from heads()')
      checkEqual(dataOf(await readAll(one, read, through)), numbers(1, 3), 'What is after the place from read()')
    },
  },
]
