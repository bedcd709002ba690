import { atomicityChecks } from './log/atomicity.ts'
import { channelChecks } from './log/channels.ts'
import { closingChecks } from './log/closing.ts'
import type { CheckDefinition } from './log/definition.ts'
import { historyChecks } from './log/history.ts'
import { idempotencyChecks } from './log/idempotency.ts'
import { orderChecks } from './log/order.ts'
import { pagingChecks } from './log/paging.ts'
import { placeChecks } from './log/places.ts'
import { retentionChecks } from './log/retention.ts'
import { rotationChecks } from './log/rotation.ts'
import { transactionChecks } from './log/transactions.ts'
import { wakingChecks } from './log/waking.ts'
import { LogBench } from './log-bench.ts'
import type { LogCheck, LogHarness } from './log-harness.ts'

const DEFINITIONS: readonly CheckDefinition[] = [
  ...orderChecks,
  ...atomicityChecks,
  ...pagingChecks,
  ...placeChecks,
  ...channelChecks,
  ...idempotencyChecks,
  ...retentionChecks,
  ...historyChecks,
  ...rotationChecks,
  ...wakingChecks,
  ...transactionChecks,
  ...closingChecks,
]

/**
 * What every `EventLog` has to do, as checks for the test runner of your choice. Run them one after the other.
 *
 * @throws {RangeError} when the harness skips a check that does not exist.
 * @example
 * for (const { name, skip, run } of logChecks(harness)) test.skipIf(skip)(name, run, 30_000)
 */
export function logChecks<Transaction>(harness: LogHarness<Transaction>): readonly LogCheck[] {
  const names = DEFINITIONS.map(({ name }) => name)
  const unknown = Object.keys(harness.skip ?? {}).find((name) => !names.includes(name))
  if (unknown !== undefined) throw new RangeError(`There is no check with this name to skip: ${unknown}`)
  return DEFINITIONS.map(({ name, unless, run }) => ({
    name,
    skip: harness.skip?.[name] ?? unless?.(harness),
    run: async () => {
      const bench = new LogBench(harness)
      try {
        await run(bench)
      } catch (error) {
        await bench.close().catch(() => {})
        throw error
      }
      await bench.close()
    },
  }))
}
