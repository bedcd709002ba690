import type { LogBench } from '../log-bench.ts'
import type { LogHarness } from '../log-harness.ts'

export interface CheckDefinition {
  readonly name: string
  /** Why it does not apply; `undefined` when it does. */
  readonly unless?: ((harness: LogHarness<any>) => string | undefined) | undefined
  run(bench: LogBench): Promise<void>
}

export const unlessShared = ({ shared = true }: LogHarness<any>): string | undefined =>
  shared ? undefined : 'The log is for one process'

export const unlessAtomic = ({ capabilities }: LogHarness<any>): string | undefined =>
  capabilities.atomicBatch ? undefined : 'The log does not append batches atomically'

export const unlessContiguous = ({ capabilities }: LogHarness<any>): string | undefined =>
  capabilities.offsets === 'contiguous' ? undefined : 'The offsets of the log may have holes'

export const unlessCounted = ({ capabilities }: LogHarness<any>): string | undefined =>
  capabilities.retention.count ? undefined : 'The log has no retention by count'

export const unlessClock = ({ clock }: LogHarness<any>): string | undefined =>
  clock === undefined ? 'The clock of the engine cannot be set' : undefined
