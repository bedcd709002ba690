import { sleep } from '../../core/abort.ts'
import type { Fault, FaultProxy } from './fault-proxy.ts'

export interface StrikeOptions {
  readonly faults: readonly Fault[]
  readonly seed: number
  /** In ms: of the whole, on average between two, and of those that last. */
  readonly duration: number
  readonly every: number
  readonly lasting: number
  readonly signal: AbortSignal
  readonly onStrike: (fault: Fault) => void
}

/** Strikes now and then. Equal seeds strike in the same order, after the same waits. */
export async function strike(proxy: FaultProxy, options: StrikeOptions): Promise<void> {
  const { faults, duration, every, lasting, signal, onStrike } = options
  const random = createRandom(options.seed)
  const endsAt = performance.now() + duration
  for (;;) {
    const wait = every * (0.5 + random())
    const fault = faults[Math.floor(random() * faults.length)]
    const left = endsAt - performance.now()
    if (fault === undefined || wait >= left) {
      await sleep(Math.max(0, left), signal)
      return
    }
    await sleep(wait, signal)
    onStrike(fault)
    proxy.strike(fault)
    if (fault !== 'stall' && fault !== 'refuse') continue
    await sleep(Math.min(lasting, Math.max(0, endsAt - performance.now())), signal)
    proxy.heal()
  }
}

/** Numbers from 0 to 1, the same for a seed (mulberry32). */
function createRandom(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}
