import { check, checkEqual } from '../assert.ts'
import { ALL, append, appendEach, dataOf, headOf, numbers, readAll } from '../log-bench.ts'
import { type CheckDefinition, unlessShared } from './definition.ts'
import { checkEpochGap } from './places.ts'

export const historyChecks: readonly CheckDefinition[] = [
  {
    name: 'a log that is closed and opened again goes on where it was',
    unless: unlessShared,
    async run(bench) {
      const channel = bench.channel()
      const before = await bench.log()
      const places = await appendEach(before, channel, ['1', '2'])
      await before.close()
      const after = await bench.log()
      bench.checkEnd((await headOf(after, channel)).position, places.at(-1), 'The head')
      const [next] = await appendEach(after, channel, ['3'])
      checkEqual(next?.epoch, places[0]?.epoch, 'The epoch')
      checkEqual(dataOf(await readAll(after, channel, places[0])), ['2', '3'], 'What is after the first record')
    },
  },
  {
    name: 'when all history is lost, places of it are a gap with reason epoch, in open logs and in new ones',
    unless: ({ loseHistory }) => (loseHistory === undefined ? 'The harness cannot lose the history' : undefined),
    async run(bench) {
      const [open, channel, idle] = [await bench.log(), bench.channel(), bench.channel('idle')]
      const [one, two] = await appendEach(open, channel, ['1', '2'])
      const [beyond] = (await appendEach(open, idle, numbers(1, 5))).slice(-1)
      check(one !== undefined && two !== undefined && beyond !== undefined, 'No places')
      await bench.harness.loseHistory?.()
      const logs = [open, await bench.log()]
      for (const log of logs) await checkEpochGap(log, idle, beyond, 'a place in a history that was lost')
      const { first } = await append(open, channel, ['11'])
      check(first.epoch !== one.epoch, 'The new history has the epoch of the lost one')
      await appendEach(open, channel, ['12', '13'])
      for (const log of logs) {
        await checkEpochGap(log, channel, one, 'a place that there is again')
        await checkEpochGap(log, channel, two, 'the last place that was lost')
        checkEqual(dataOf(await readAll(log, channel)), ['11', '12', '13'], 'The new history')
      }
    },
  },
  {
    name: 'when a backup is put back, the places that it does not know are a gap, also when they are there again',
    unless: ({ backUp }) => (backUp === undefined ? 'The harness makes no backups' : undefined),
    async run(bench) {
      const [log, channel] = [await bench.log(), bench.channel()]
      const kept = (await appendEach(log, channel, ['1', '2'])).at(-1)
      const restore = await bench.harness.backUp?.()
      const [three, four] = await appendEach(log, channel, ['3', '4'])
      check(kept !== undefined && three !== undefined && four !== undefined, 'No places')
      await restore?.()
      for (const reader of [log, await bench.log()]) {
        await checkEpochGap(reader, channel, four, 'a place that the backup does not know')
      }
      await appendEach(log, channel, ['13', '14', '15'])
      for (const reader of [log, await bench.log()]) {
        for (const lost of [three, four]) await checkEpochGap(reader, channel, lost, 'a place that was overwritten')
        checkEqual(
          dataOf((await reader.read(channel, kept, ALL)).records),
          ['13', '14', '15'],
          'What follows the backup',
        )
      }
    },
  },
]
