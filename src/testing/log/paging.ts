import { check, checkEqual } from '../assert.ts'
import { ALL, appendEach, dataOf, headOf, numbers, readAll } from '../log-bench.ts'
import type { CheckDefinition } from './definition.ts'

export const pagingChecks: readonly CheckDefinition[] = [
  {
    name: 'a page of an empty channel is empty and complete up to the place where the channel begins',
    async run(bench) {
      const [log, channel] = [await bench.log(), bench.channel()]
      const page = await log.read(channel, 'start', ALL)
      checkEqual(page.records, [], 'The records')
      checkEqual(page.through, page.position, 'through, against the head')
      check(page.trimmed <= page.position.offset, `trimmed (${page.trimmed}) is beyond the head`)
      checkEqual(await log.read(channel, page.through, ALL), page, 'The page after it')
      checkEqual(await headOf(log, channel), { position: page.position, trimmed: page.trimmed }, 'The head')
    },
  },
  {
    name: 'a page has what comes after a place and says where it ends',
    async run(bench) {
      const [log, channel] = [await bench.log(), bench.channel()]
      const places = await appendEach(log, channel, numbers(1, 5))
      for (const [index, after] of places.entries()) {
        const page = await log.read(channel, after, ALL)
        checkEqual(dataOf(page.records), numbers(index + 2, 5), `The records after number ${index + 1} of 5`)
        bench.checkEnd(page.through, places[4], 'through')
        bench.checkEnd(page.position, places[4], 'The head')
      }
    },
  },
  {
    name: 'pages with a limit of records lead to one another until all is read',
    async run(bench) {
      const [log, channel] = [await bench.log(), bench.channel()]
      const places = await appendEach(log, channel, numbers(1, 7))
      for (const size of [1, 2, 3, 6, 7, 8]) {
        const page = await log.read(channel, 'start', { ...ALL, records: size })
        check(page.records.length <= size, `A page of at most ${size} records has ${page.records.length}`)
        bench.checkEnd(page.position, places.at(-1), `The head on a page of ${size} records`)
        checkEqual(dataOf(await readAll(log, channel, 'start', size)), numbers(1, 7), `All in pages of ${size} records`)
      }
    },
  },
  {
    name: 'a page with a limit of bytes ends before the record that is too many and says so',
    async run(bench) {
      const [log, channel] = [await bench.log(), bench.channel()]
      const data = numbers(1, 6).map((number) => number.repeat(1000))
      const places = await appendEach(log, channel, data)
      const seen: string[] = []
      for (let after: (typeof places)[number] | 'start' = 'start'; seen.length < data.length; ) {
        const page = await log.read(channel, after, { records: 100, bytes: 2500 })
        const count = page.records.length
        check(count === 1 || count === 2, `A page of 2500 bytes has ${count} records of 1000 bytes`)
        seen.push(...dataOf(page.records))
        bench.checkEnd(
          page.through,
          places[seen.length - 1],
          'through, against the place of the last record on the page',
        )
        after = page.through
      }
      checkEqual(seen, data, 'The records of all pages')
    },
  },
  {
    name: 'one record always fits on a page',
    async run(bench) {
      const [log, channel] = [await bench.log(), bench.channel()]
      const places = await appendEach(log, channel, ['x'.repeat(10_000), 'y'])
      const page = await log.read(channel, 'start', { records: 10, bytes: 1 })
      checkEqual(page.records.length, 1, 'How many records')
      bench.checkEnd(page.through, places[0], 'through')
    },
  },
]
