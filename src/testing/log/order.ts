import { formatId, parseId } from '../../publisher/position.ts'
import { check, checkEqual, rejectionOf } from '../assert.ts'
import { append, appendEach, dataOf, headOf, numbers, offsetsOf, readAll } from '../log-bench.ts'
import { type CheckDefinition, unlessContiguous } from './definition.ts'

export const orderChecks: readonly CheckDefinition[] = [
  {
    name: 'the log declares the capabilities that it is said to have',
    async run(bench) {
      checkEqual((await bench.log()).capabilities, bench.harness.capabilities, 'capabilities')
    },
  },
  {
    name: 'records come back in the order of their appends, at the places that the appends were answered with',
    async run(bench) {
      const [log, channel] = [await bench.log(), bench.channel()]
      const places = await appendEach(log, channel, numbers(1, 20))
      const records = await readAll(log, channel)
      checkEqual(dataOf(records), numbers(1, 20), 'The data in the order of the appends')
      checkEqual(
        records.map(({ offset, tag }) => [offset, tag]),
        places.map(({ offset, tag }) => [offset, tag]),
        'The offsets and tags of the records, against the answers of append()',
      )
      bench.checkEnd((await headOf(log, channel)).position, places.at(-1), 'The head, against the last append')
      checkEqual(new Set(places.map(({ epoch }) => epoch)).size, 1, 'How many epochs the places have')
    },
  },
  {
    name: 'offsets only grow',
    async run(bench) {
      const [log, channel] = [await bench.log(), bench.channel()]
      const offsets = offsetsOf(await appendEach(log, channel, numbers(1, 10)))
      checkEqual(
        offsets.toSorted((one, other) => one - other),
        offsets,
        'The offsets',
      )
      checkEqual(new Set(offsets).size, 10, 'How many different offsets 10 records have')
    },
  },
  {
    name: 'offsets are counted from 1 in each channel, without holes',
    unless: unlessContiguous,
    async run(bench) {
      const log = await bench.log()
      for (const channel of [bench.channel('one'), bench.channel('other')]) {
        checkEqual(offsetsOf(await appendEach(log, channel, numbers(1, 5))), [1, 2, 3, 4, 5], 'The offsets')
      }
    },
  },
  {
    name: 'the place before an append, where the log tells it, is where the channel ended',
    async run(bench) {
      const [log, channel] = [await bench.log(), bench.channel()]
      const start = (await headOf(log, channel)).position
      const first = await append(log, channel, ['1'])
      const second = await append(log, channel, ['2'])
      if (first.before !== undefined) checkEqual(first.before, start, 'The place before the first append')
      if (second.before !== undefined) checkEqual(second.before, first.last, 'The place before the second append')
    },
  },
  {
    name: 'each append has a tag of its own',
    async run(bench) {
      const [log, channel] = [await bench.log(), bench.channel()]
      const places = await appendEach(log, channel, numbers(1, 20))
      checkEqual(new Set(places.map(({ tag }) => tag)).size, 20, 'How many different tags 20 appends have')
    },
  },
  {
    name: 'places make ids that parse back to them',
    async run(bench) {
      const [log, channel] = [await bench.log(), bench.channel()]
      const start = (await headOf(log, channel)).position
      for (const place of [start, ...(await appendEach(log, channel, ['1', '2']))]) {
        checkEqual(parseId(formatId(place)), place, `The place of the id ${formatId(place)}`)
      }
    },
  },
  {
    name: 'an append of no records is refused and changes nothing',
    async run(bench) {
      const [log, channel] = [await bench.log(), bench.channel()]
      const [place] = await appendEach(log, channel, ['1'])
      await rejectionOf(append(log, channel, []), 'append() without records')
      checkEqual((await headOf(log, channel)).position, place, 'The head after it')
    },
  },
  {
    name: 'data come back character by character',
    async run(bench) {
      const [log, channel] = [await bench.log(), bench.channel()]
      const data = [
        '{"json":{"a":"\\"\\\\ \\u0000 \\n"}}',
        '"é e\u0301 \u2028 \uFFFD 😀 \u{10FFFF}"',
        "'; --%_$1",
        ' ',
        '0',
      ]
      await appendEach(log, channel, data)
      checkEqual(dataOf(await readAll(log, channel)), data, 'The data')
    },
  },
  {
    name: 'a record of 1 MB comes back whole',
    async run(bench) {
      const [log, channel] = [await bench.log(), bench.channel()]
      const data = 'é234567'.repeat(131_072)
      await appendEach(log, channel, ['before', data, 'after'])
      const [before, record, after] = dataOf(await readAll(log, channel, 'start', 2))
      checkEqual([before, after], ['before', 'after'], 'The records around it')
      check(record === data, `The record: expected ${data.length} characters, got ${record?.length} or others`)
    },
  },
  {
    name: 'many that append at once, from several processes, lose nothing and see one order',
    async run(bench) {
      const [logs, channel] = [await bench.logs(4), bench.channel()]
      const places = await Promise.all(
        logs.map((log, index) =>
          appendEach(
            log,
            channel,
            numbers(1, 25).map((number) => `${index}/${number}`),
          ),
        ),
      )
      const seen = await Promise.all(logs.map((log) => readAll(log, channel, 'start', 7)))
      const [records = []] = seen
      for (const others of seen) checkEqual(others, records, 'The records, against what another process reads')
      checkEqual(records.length, 100, 'How many of 100 appended records are there')
      for (const [index, own] of places.entries()) {
        const mine = records.filter(({ data }) => data.startsWith(`${index}/`))
        checkEqual(
          dataOf(mine),
          numbers(1, 25).map((number) => `${index}/${number}`),
          'The records of one publisher in its order',
        )
        checkEqual(
          mine.map(({ offset, tag }) => [offset, tag]),
          own.map(({ offset, tag }) => [offset, tag]),
          'Their places, as answered',
        )
      }
      if (bench.isContiguous) checkEqual(offsetsOf(records).map(String), numbers(1, 100), 'The offsets without holes')
    },
  },
  {
    name: 'who reads while others append comes past no record',
    async run(bench) {
      const [[reader, ...writers], channel] = [await bench.logs(4), bench.channel()]
      check(reader !== undefined, 'No log')
      let after = (await headOf(reader, channel)).position
      let writing = true
      const written = Promise.all(writers.map((log) => appendEach(log, channel, numbers(1, 40)))).finally(() => {
        writing = false
      })
      const seen: number[] = []
      const readOn = async (): Promise<void> => {
        const page = await reader.read(channel, after, { records: 5, bytes: 1e6 })
        seen.push(...offsetsOf(page.records))
        after = page.through
      }
      try {
        while (writing) await readOn()
      } finally {
        await written
      }
      while (after.offset < (await headOf(reader, channel)).position.offset) await readOn()
      checkEqual(seen, offsetsOf(await readAll(reader, channel)), 'What was read meanwhile, against all there is')
    },
  },
]
