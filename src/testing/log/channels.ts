import { checkEqual } from '../assert.ts'
import { append, appendEach, dataOf, headOf, numbers, readAll } from '../log-bench.ts'
import type { CheckDefinition } from './definition.ts'

/** Names in which some engine or other sees more than a name. */
const NAMES: readonly string[] = [
  '}x',
  '{x}',
  'a{b}c',
  'a b',
  ' a',
  'a ',
  '',
  'é',
  'e\u0301',
  '😀',
  'A',
  'a',
  '"',
  "'",
  '`',
  '\\',
  '%',
  '%2F',
  '/',
  '//',
  '..',
  '.',
  'a.b',
  'a..b',
  '*',
  '>',
  '#',
  '?',
  'a:b',
  '$',
  '$1',
  '-',
  '_',
  'a_b',
  'a%b',
  ';',
  '\n',
  '\t',
  'null',
  '0',
  '-1',
  '__proto__',
  'constructor',
  'x'.repeat(200),
  'é'.repeat(200),
]

export const channelChecks: readonly CheckDefinition[] = [
  {
    name: 'channels do not see each other, whatever their names',
    async run(bench) {
      const log = await bench.log()
      const starts = (await log.heads(NAMES)).map(({ position }) => position)
      for (const name of NAMES) await append(log, name, [`in ${name}`])
      for (const [index, name] of NAMES.entries()) {
        const what = `What was appended to the channel ${JSON.stringify(name)}`
        checkEqual(dataOf(await readAll(log, name, starts[index])), [`in ${name}`], what)
      }
    },
  },
  {
    name: 'a channel of any name wakes, under its name',
    async run(bench) {
      const log = await bench.log()
      const woken = new Set<string | undefined>()
      const watch = await log.watch((channel) => woken.add(channel))
      for (const name of NAMES) await watch.add(name)
      for (const name of NAMES) {
        woken.clear()
        await append(log, name, ['1'])
        await bench.eventually(`A wake-up for the channel ${JSON.stringify(name)}`, () =>
          woken.has(name) || woken.has(undefined) ? true : undefined,
        )
      }
      await watch.close()
    },
  },
  {
    name: 'heads of many channels come in the order asked for, unknown ones and repeated ones among them',
    async run(bench) {
      const log = await bench.log()
      const channels = numbers(1, 30).map((number) => bench.channel(number))
      for (const [index, channel] of channels.entries()) await appendEach(log, channel, numbers(1, index % 4))
      const asked = [...channels.toReversed(), ...channels.slice(0, 3)]
      const single = []
      for (const channel of asked) single.push(await headOf(log, channel))
      checkEqual(await log.heads(asked), single, 'Many heads at once, against one by one')
      const pages = []
      for (const channel of asked) pages.push((await log.read(channel, 'start', { records: 1, bytes: 1 })).position)
      checkEqual(
        single.map(({ position }) => position),
        pages,
        'The heads, against those of the pages',
      )
      checkEqual(await log.heads([]), [], 'heads([])')
    },
  },
]
