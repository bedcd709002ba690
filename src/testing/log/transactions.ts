import { check, checkEqual } from '../assert.ts'
import { append, dataOf, headOf, readAll } from '../log-bench.ts'
import type { LogHarness } from '../log-harness.ts'
import type { CheckDefinition } from './definition.ts'

const unlessTransactional = ({ capabilities, begin }: LogHarness<any>): string | undefined => {
  if (!capabilities.transaction) return "The log does not append inside the caller's transaction"
  return begin === undefined ? 'The harness begins no transactions' : undefined
}

const RETENTION = { retention: {} }

export const transactionChecks: readonly CheckDefinition[] = [
  {
    name: "an append inside the caller's transaction is there for others when that commits, and not before",
    unless: unlessTransactional,
    async run(bench) {
      const [[own, other], channel] = [await bench.logs(2), bench.channel()]
      check(own !== undefined && other !== undefined, 'No log')
      // To ask for a channel that there is not makes it, which has to wait for the transaction.
      await headOf(own, channel)
      const caller = await bench.begin()
      const { transaction } = caller
      const one = await own.append(channel, [{ data: '1' }], { ...RETENTION, transaction })
      const two = await own.append(channel, [{ data: '2' }, { data: '3' }], { ...RETENTION, transaction })
      for (const log of [own, other]) checkEqual(await readAll(log, channel), [], 'The records before the commit')
      await caller.commit()
      for (const log of [own, other]) {
        checkEqual(dataOf(await readAll(log, channel)), ['1', '2', '3'], 'The records after the commit')
        checkEqual((await headOf(log, channel)).position, two.last, 'The head after the commit')
        checkEqual(dataOf(await readAll(log, channel, one.last)), ['2', '3'], 'What is after the first append')
      }
    },
  },
  {
    name: "an append inside the caller's transaction leaves nothing behind when that is rolled back",
    unless: unlessTransactional,
    async run(bench) {
      const [log, channel] = [await bench.log(), bench.channel()]
      const before = (await append(log, channel, ['1'])).last
      const caller = await bench.begin()
      const { transaction } = caller
      const undone = await log.append(channel, [{ data: 'no' }], { ...RETENTION, idempotencyKey: 'k', transaction })
      await caller.rollback()
      checkEqual((await headOf(log, channel)).position, before, 'The head')
      const again = await append(log, channel, ['2'], { key: 'k' })
      checkEqual(again.duplicate, false, 'Whether the key is taken by what was rolled back')
      check(again.first.tag !== undone.first.tag, 'The next append has the tag of the one that was rolled back')
      checkEqual(dataOf(await readAll(log, channel)), ['1', '2'], 'The records')
    },
  },
  {
    name: "a key that was used outside is known inside the caller's transaction, and the other way round",
    unless: unlessTransactional,
    async run(bench) {
      const [log, channel] = [await bench.log(), bench.channel()]
      const outside = await append(log, channel, ['1'], { key: 'outside' })
      const caller = await bench.begin()
      const { transaction } = caller
      const known = await log.append(channel, [{ data: 'no' }], {
        ...RETENTION,
        idempotencyKey: 'outside',
        transaction,
      })
      const inside = await log.append(channel, [{ data: '2' }], { ...RETENTION, idempotencyKey: 'inside', transaction })
      await caller.commit()
      checkEqual([known.duplicate, known.first], [true, outside.first], 'The answer inside')
      const again = await append(log, channel, ['no'], { key: 'inside' })
      checkEqual([again.duplicate, again.first], [true, inside.first], 'The answer outside')
      checkEqual(dataOf(await readAll(log, channel)), ['1', '2'], 'The records')
    },
  },
]
