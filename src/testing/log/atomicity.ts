import { check, checkEqual } from '../assert.ts'
import { append, dataOf, numbers, offsetsOf, readAll } from '../log-bench.ts'
import { type CheckDefinition, unlessAtomic } from './definition.ts'

export const atomicityChecks: readonly CheckDefinition[] = [
  {
    name: 'the records of one append carry one tag, and the answer names the first and the last of them',
    unless: unlessAtomic,
    async run(bench) {
      const [log, channel] = [await bench.log(), bench.channel()]
      const results = [await append(log, channel, ['1', '2', '3']), await append(log, channel, ['4', '5'])]
      const records = await readAll(log, channel)
      checkEqual(dataOf(records), numbers(1, 5), 'The data')
      const places = records.map(({ offset, tag }) => [offset, tag])
      const [one, two] = results.map(({ first, last }) => [first, last].map(({ offset, tag }) => [offset, tag]))
      checkEqual(
        [one, two],
        [
          [places[0], places[2]],
          [places[3], places[4]],
        ],
        'first and last of two appends',
      )
      checkEqual(new Set(records.slice(0, 3).map(({ tag }) => tag)).size, 1, 'How many tags one append has')
      check(records[0]?.tag !== records[3]?.tag, 'Two appends have the same tag')
    },
  },
  {
    name: 'the records of one append are together, though others append at the same time',
    unless: unlessAtomic,
    async run(bench) {
      const [logs, channel] = [await bench.logs(3), bench.channel()]
      await Promise.all(
        logs.flatMap((log, index) =>
          numbers(1, 8).map((batch) =>
            append(log, channel, [`${index}/${batch}`, `${index}/${batch}`, `${index}/${batch}`]),
          ),
        ),
      )
      const data = dataOf(await readAll(log(logs), channel))
      checkEqual(data.length, 72, 'How many of 72 records are there')
      for (let at = 0; at < data.length; at += 3) {
        checkEqual(new Set(data.slice(at, at + 3)).size, 1, `How many batches stand at the records ${at} to ${at + 2}`)
      }
    },
  },
  {
    name: 'an append of 256 records is one append',
    unless: unlessAtomic,
    async run(bench) {
      const [log, channel] = [await bench.log(), bench.channel()]
      const { first, last } = await append(log, channel, numbers(1, 256))
      const records = await readAll(log, channel)
      checkEqual(dataOf(records), numbers(1, 256), 'The data')
      checkEqual([first.offset, last.offset], [records[0]?.offset, records[255]?.offset], 'first and last')
      if (bench.isContiguous) checkEqual(offsetsOf(records).map(String), numbers(1, 256), 'The offsets')
    },
  },
]

function log<Log>(logs: readonly Log[]): Log {
  const [first] = logs
  check(first !== undefined, 'No log')
  return first
}
