import { NO_TAG } from '../../publisher/position.ts'
import { check, checkEqual } from '../assert.ts'
import { ALL, append, appendEach, dataOf, headOf, numbers, readAll } from '../log-bench.ts'
import { type CheckDefinition, unlessClock, unlessContiguous, unlessCounted } from './definition.ts'
import { checkEpochGap } from './places.ts'

const DAY = 24 * 3600 * 1000

/** Clocks of whole milliseconds, and two of them, may differ by so much. */
const CLOCK_GRAIN = 5

const perChannel = ({ capabilities }: Parameters<typeof unlessCounted>[0]): string | undefined =>
  capabilities.retention.perChannel ? undefined : 'The channels of the log share one retention'

export const retentionChecks: readonly CheckDefinition[] = [
  {
    name: 'retention by count keeps the newest so many, and lets go of the others',
    unless: unlessCounted,
    async run(bench) {
      const settings = { retention: { events: 3 } }
      const [log, channel] = [await bench.log(settings), bench.channel()]
      for (let count = 1; count <= 8; count++) {
        await append(log, channel, [String(count)], settings)
        const kept = dataOf(await readAll(log, channel)).slice(-3)
        checkEqual(kept, numbers(Math.max(1, count - 2), count), `The newest 3 of ${count}`)
      }
      const { position } = await headOf(log, channel)
      const page = await bench.trimmed(log, channel, bench.isContiguous ? 5 : 1)
      checkEqual(page.position, position, 'The head, against that before the trimming')
      if (bench.isContiguous)
        checkEqual([dataOf(page.records), page.trimmed], [['6', '7', '8'], 5], 'What is left of 8')
    },
  },
  {
    name: 'retention by count holds within an append that is longer than it',
    unless: (harness) => unlessCounted(harness) ?? unlessContiguous(harness),
    async run(bench) {
      const settings = { retention: { events: 2 } }
      const [log, channel] = [await bench.log(settings), bench.channel()]
      const { last } = await append(log, channel, numbers(1, 5), settings)
      const page = await bench.trimmed(log, channel, 3)
      checkEqual([dataOf(page.records), page.trimmed], [['4', '5'], 3], 'What is left of 5')
      checkEqual([page.through, page.position], [last, last], 'through and the head')
    },
  },
  {
    name: 'the retention of one channel is not that of another',
    unless: (harness) => unlessCounted(harness) ?? perChannel(harness),
    async run(bench) {
      const [log, short, long] = [await bench.log(), bench.channel('short'), bench.channel('long')]
      for (const number of numbers(1, 5)) {
        await append(log, short, [number], { retention: { events: 1 } })
        await append(log, long, [number], { retention: { events: 4 } })
      }
      await bench.trimmed(log, short, 4)
      checkEqual(dataOf(await readAll(log, long)).slice(-4), numbers(2, 5), 'The channel with the longer retention')
    },
  },
  {
    name: 'history that was trimmed is told by the page and not thrown',
    unless: (harness) => unlessCounted(harness) ?? unlessContiguous(harness),
    async run(bench) {
      const settings = { retention: { events: 2 } }
      const [log, channel] = [await bench.log(settings), bench.channel()]
      const start = (await headOf(log, channel)).position
      const [one, two, , four] = await appendEach(log, channel, numbers(1, 4), settings)
      check(one !== undefined && two !== undefined && four !== undefined, 'No places')
      await bench.trimmed(log, channel, 2)
      for (const after of [start, one, { ...one, tag: 'forgotten' }]) {
        const page = await log.read(channel, after, ALL)
        checkEqual([page.trimmed, page.position], [2, four], `trimmed and the head, after offset ${after.offset}`)
        checkEqual(dataOf(page.records), ['3', '4'], `The records after offset ${after.offset}`)
      }
      await checkEpochGap(log, channel, { ...one, epoch: 'another' }, 'a trimmed place of another epoch')
      for (const tag of [two.tag, NO_TAG]) {
        const { records } = await log.read(channel, { ...two, tag }, ALL)
        checkEqual(
          dataOf(records),
          ['3', '4'],
          `The records after the last place that was trimmed, with the tag ${tag}`,
        )
      }
      await checkEpochGap(log, channel, { ...two, tag: 'forged' }, 'the last place that was trimmed, with a forged tag')
    },
  },
  {
    name: 'a retention of no events keeps none, and the places go on',
    unless: (harness) => unlessCounted(harness) ?? unlessContiguous(harness),
    async run(bench) {
      const settings = { retention: { events: 0 } }
      const [log, channel] = [await bench.log(settings), bench.channel()]
      const places = await appendEach(log, channel, numbers(1, 3), settings)
      const page = await bench.trimmed(log, channel, 3)
      checkEqual([page.records, page.trimmed, page.position], [[], 3, places.at(-1)], 'records, trimmed and the head')
      checkEqual(page.through, page.position, 'through, against the head')
    },
  },
  {
    name: 'without a limit nothing is trimmed',
    unless: (harness) => perChannel(harness) ?? unlessClock(harness),
    async run(bench) {
      const [log, channel] = [await bench.log(), bench.channel()]
      await appendEach(log, channel, numbers(1, 3), { retention: { seconds: undefined, events: undefined } })
      await bench.pass(1000 * DAY)
      await bench.harness.sweep?.()
      checkEqual(dataOf(await readAll(log, channel)), numbers(1, 3), 'The records after 1000 days')
    },
  },
  {
    name: 'retention by time keeps a record until its time is over and then lets go of it',
    async run(bench) {
      const seconds = bench.harness.shortestRetention ?? 1
      const settings = { retention: { seconds } }
      const [log, channel] = [await bench.log(settings), bench.channel()]
      const isReal = bench.harness.clock === undefined
      const start = performance.now()
      const { last } = await append(log, channel, ['1'], settings)
      if (!isReal) await bench.pass(seconds * 1000 - 1)
      for (;;) {
        await bench.harness.sweep?.()
        const page = await log.read(channel, 'start', ALL)
        // The engine began to count after `start`: what is gone by now, by the time that has passed, is gone too early.
        const passed = performance.now() - start
        if (isReal && passed >= seconds * 1000 - CLOCK_GRAIN) break
        checkEqual(dataOf(page.records), ['1'], `The records of the last ${seconds} s`)
        if (!isReal) break
        await bench.pass(20)
      }
      if (!isReal) await bench.pass(1)
      const page = await bench.trimmed(log, channel, last.offset)
      checkEqual(page.records, [], 'The records')
      bench.checkEnd(page.through, last, 'through')
      bench.checkEnd(page.position, last, 'The head')
    },
  },
  {
    name: 'when all is trimmed the head stays, who has read to it misses nothing, and places do not begin again',
    async run(bench) {
      const settings = { retention: { seconds: bench.harness.shortestRetention ?? 1 } }
      const [log, channel] = [await bench.log(settings), bench.channel()]
      const last = (await appendEach(log, channel, numbers(1, 3), settings)).at(-1)
      check(last !== undefined, 'No place')
      await bench.pass(settings.retention.seconds * 1000)
      await bench.trimmed(log, channel, last.offset)
      bench.checkEnd((await headOf(log, channel)).position, last, 'The head')
      const page = await log.read(channel, last, ALL)
      checkEqual(page.records, [], 'The records after the last place')
      bench.checkEnd(page.through, last, 'through')
      check(page.trimmed <= last.offset, `Who has read all is told of a gap: trimmed is ${page.trimmed}`)
      const [next] = await appendEach(log, channel, ['4'], settings)
      check(next !== undefined && next.offset > last.offset, `Place ${show(next)} comes after ${show(last)}`)
      checkEqual(next.epoch, last.epoch, 'The epoch of the next append')
      if (bench.isContiguous) checkEqual(next.offset, last.offset + 1, 'The offset of the next append')
      checkEqual(dataOf(await readAll(log, channel, last)), ['4'], 'What comes after the last place')
    },
  },
  {
    name: 'a channel that has been empty for a year keeps its places or begins a new epoch',
    unless: unlessClock,
    async run(bench) {
      const settings = { retention: { seconds: 1 } }
      const [log, channel] = [await bench.log(settings), bench.channel()]
      const { last } = await append(log, channel, ['1'], settings)
      await bench.pass(365 * DAY)
      await bench.harness.sweep?.()
      const { first } = await append(log, channel, ['2'], settings)
      if (first.epoch === last.epoch) check(first.offset > last.offset, 'The offsets began again within an epoch')
      else await checkEpochGap(log, channel, last, 'a place that was forgotten')
    },
  },
  {
    name: 'a channel that has been empty for a day is not forgotten',
    unless: unlessClock,
    async run(bench) {
      const settings = { retention: { seconds: 1 } }
      const [log, channel] = [await bench.log(settings), bench.channel()]
      const { last } = await append(log, channel, ['1'], settings)
      await bench.pass(DAY)
      await bench.harness.sweep?.()
      bench.checkEnd((await log.read(channel, last, ALL)).position, last, 'The head')
    },
  },
]

const show = (value: unknown): string => JSON.stringify(value)
