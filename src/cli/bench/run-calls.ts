import { sleep } from '../../core/abort.ts'
import { RPCError } from '../../core/error.ts'
import { Latencies } from './latencies.ts'

export interface Load {
  /** Calls that are under way at a time. */
  readonly concurrency: number
  /** Calls per second; `undefined`: each as soon as one before it is answered. */
  readonly rate: number | undefined
  /** How many at most. */
  readonly requests: number
  /** In ms: what is answered before is not counted. */
  readonly warmup: number
  /** In ms, behind the warm-up. */
  readonly duration: number
  /** Ends it before its time; what was measured by then counts. */
  readonly signal: AbortSignal
}

/** What calls came to. */
export class CallTally {
  readonly latencies: Latencies = new Latencies()
  /** By code. */
  readonly errors: Map<string, number> = new Map()
  /** Calls that were made, counted or not. */
  started = 0
  answered = 0
  /** How long it was counted, in ms. */
  elapsed = 0

  fail(error: unknown): void {
    const code = error instanceof RPCError ? error.code : error instanceof Error ? error.name : 'Error'
    this.errors.set(code, (this.errors.get(code) ?? 0) + 1)
  }
}

/**
 * Makes calls for a while. With a rate a call's time begins when it was due: a server that stalls makes those wait that
 * follow, as it would make users.
 */
export async function runCalls(
  call: (worker: number) => Promise<unknown>,
  load: Load,
  tally: CallTally,
): Promise<void> {
  const startedAt = performance.now()
  const countFrom = startedAt + load.warmup
  const endsAt = countFrom + load.duration
  const isOver = (): boolean => load.signal.aborted || performance.now() >= endsAt || tally.started >= load.requests
  const work = async (worker: number): Promise<void> => {
    while (!isOver()) {
      const due = load.rate === undefined ? performance.now() : startedAt + (tally.started / load.rate) * 1000
      tally.started++
      if (due >= endsAt) return
      if (due > performance.now()) await sleep(due - performance.now(), load.signal)
      try {
        await call(worker)
        if (performance.now() < countFrom) continue
        tally.answered++
        tally.latencies.add(performance.now() - due)
      } catch (error) {
        if (load.signal.aborted) return
        tally.fail(error)
      }
    }
  }
  const workers = Array.from({ length: load.concurrency }, (_, worker) => work(worker))
  // Those that wait for their turn when it is interrupted.
  await Promise.allSettled(workers)
  tally.elapsed = Math.max(1, performance.now() - countFrom)
}
