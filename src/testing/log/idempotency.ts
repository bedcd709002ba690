import { check, checkEqual } from '../assert.ts'
import { append, appendEach, dataOf, numbers, readAll } from '../log-bench.ts'
import type { LogHarness } from '../log-harness.ts'
import { type CheckDefinition, unlessAtomic, unlessClock, unlessCounted } from './definition.ts'

const unlessKeys = ({ capabilities }: LogHarness<any>): string | undefined =>
  capabilities.idempotencySeconds === false ? 'The log knows no idempotency keys' : undefined

const placesOf = ({ first, last }: Awaited<ReturnType<typeof append>>) => ({ first, last })

export const idempotencyChecks: readonly CheckDefinition[] = [
  {
    name: 'the same key appends once: the second append adds nothing and answers as the first did',
    unless: unlessKeys,
    async run(bench) {
      const [[one, two], channel] = [await bench.logs(2), bench.channel()]
      check(one !== undefined && two !== undefined, 'No log')
      const first = await append(one, channel, ['1'], { key: 'k' })
      await append(one, channel, ['2'])
      checkEqual(first.duplicate, false, 'duplicate of the first')
      for (const log of [one, two]) {
        const again = await append(log, channel, ['1'], { key: 'k' })
        checkEqual(again.duplicate, true, 'duplicate of the second')
        checkEqual(placesOf(again), placesOf(first), 'The places, against those of the first')
      }
      checkEqual(dataOf(await readAll(one, channel)), ['1', '2'], 'The records')
    },
  },
  {
    name: 'the same key raced from several processes appends once, and all get the same answer',
    unless: unlessKeys,
    async run(bench) {
      const [logs, channel] = [await bench.logs(4), bench.channel()]
      const calls = logs.flatMap((log) =>
        numbers(1, 5).map((number) => append(log, channel, [number], { key: 'raced' })),
      )
      const results = await Promise.all(calls)
      checkEqual(results.filter(({ duplicate }) => !duplicate).length, 1, 'How many of 20 were no duplicates')
      checkEqual(
        new Set(results.map((result) => JSON.stringify(placesOf(result)))).size,
        1,
        'How many answers there are',
      )
      const [log] = logs
      check(log !== undefined, 'No log')
      checkEqual((await readAll(log, channel)).length, 1, 'How many records there are')
    },
  },
  {
    name: 'a key covers a whole batch',
    unless: (harness) => unlessKeys(harness) ?? unlessAtomic(harness),
    async run(bench) {
      const [log, channel] = [await bench.log(), bench.channel()]
      const first = await append(log, channel, ['1', '2', '3'], { key: 'k' })
      for (const batch of [['1', '2', '3'], ['1'], numbers(1, 9)]) {
        const again = await append(log, channel, batch, { key: 'k' })
        checkEqual([again.duplicate, placesOf(again)], [true, placesOf(first)], `The answer to ${batch.length} records`)
      }
      checkEqual(dataOf(await readAll(log, channel)), ['1', '2', '3'], 'The records')
    },
  },
  {
    name: 'keys are those of a channel, and any string is one',
    unless: unlessKeys,
    async run(bench) {
      const [log, channels] = [await bench.log(), [bench.channel('one'), bench.channel('other')]]
      const keys = ['', ' ', 'k', 'K', '0', '}x', 'é', 'e\u0301', '😀', "';", '__proto__', 'x'.repeat(200)]
      for (const channel of channels) {
        for (const key of [...keys, ...keys]) await append(log, channel, [key], { key })
        checkEqual(dataOf(await readAll(log, channel)), keys, 'The records, one for each key')
      }
    },
  },
  {
    name: 'without a key equal data are appended again',
    async run(bench) {
      const [log, channel] = [await bench.log(), bench.channel()]
      await appendEach(log, channel, ['same', 'same'])
      checkEqual(dataOf(await readAll(log, channel)), ['same', 'same'], 'The records')
    },
  },
  {
    name: 'a key is remembered when its records have been trimmed',
    unless: (harness) => unlessKeys(harness) ?? unlessCounted(harness),
    async run(bench) {
      const settings = { retention: { events: 1 } }
      const [log, channel] = [await bench.log(settings), bench.channel()]
      const first = await append(log, channel, ['1'], { ...settings, key: 'k' })
      await appendEach(log, channel, ['2', '3'], settings)
      await bench.trimmed(log, channel, first.last.offset)
      const again = await append(log, channel, ['1'], { ...settings, key: 'k' })
      checkEqual([again.duplicate, placesOf(again)], [true, placesOf(first)], 'The answer')
    },
  },
  {
    name: 'a key is remembered up to the end of its window and appends anew after it',
    unless: (harness) => unlessKeys(harness) ?? unlessClock(harness),
    async run(bench) {
      const [log, channel] = [await bench.log(), bench.channel()]
      const window = Number(bench.harness.capabilities.idempotencySeconds) * 1000
      const first = await append(log, channel, ['1'], { key: 'k' })
      await bench.pass(window - 1000)
      await bench.harness.sweep?.()
      checkEqual((await append(log, channel, ['1'], { key: 'k' })).duplicate, true, 'duplicate a second before the end')
      await bench.pass(2000)
      const later = await append(log, channel, ['2'], { key: 'k' })
      checkEqual(later.duplicate, false, 'duplicate a second after the end')
      check(later.first.tag !== first.first.tag, 'The new append has the tag of the first')
      checkEqual((await append(log, channel, ['3'], { key: 'k' })).duplicate, true, 'duplicate of the new append')
    },
  },
]
