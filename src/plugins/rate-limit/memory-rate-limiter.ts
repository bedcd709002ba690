import {
  assertRateLimits,
  noSlot,
  type RateLimiter,
  type RateLimitResult,
  type RateLimits,
  type StreamSlot,
  shareOf,
  takenSlot,
} from './rate-limiter.ts'

/**
 * Counts calls and open streams in this process, exactly.
 *
 * By the generic cell rate algorithm: `maxRequests` calls may come at once, and each is given back after its share of
 * the window, so that there is no moment at which all callers are let in again. A refused call costs nothing.
 *
 * @example
 * new MemoryRateLimiter({ maxRequests: 100, window: 60_000, maxStreams: 5 })
 */
export class MemoryRateLimiter implements RateLimiter {
  readonly #limits: RateLimits
  readonly #share: number
  /** When all calls of a key will have been given back; the key that was counted longest ago comes first. */
  readonly #settledAt = new Map<string, number>()
  readonly #streams = new Map<string, number>()

  constructor(limits: RateLimits) {
    assertRateLimits(limits)
    this.#limits = limits
    this.#share = shareOf(limits)
  }

  /** How many keys are remembered: those of the last window. */
  get size(): number {
    return this.#settledAt.size
  }

  async limit(key: string): Promise<RateLimitResult> {
    const { maxRequests: limit } = this.#limits
    const now = Date.now()
    this.#forget(now)
    const share = this.#share
    const horizon = now + limit * share
    const before = Math.max(this.#settledAt.get(key) ?? now, now)
    const success = before + share <= horizon
    const settledAt = success ? before + share : before
    if (success) {
      this.#settledAt.delete(key)
      this.#settledAt.set(key, settledAt)
    }
    const remaining = Math.floor((horizon - settledAt) / share)
    return { success, limit, remaining, reset: Math.ceil(now + settledAt + (remaining + 1) * share - horizon) }
  }

  async openStream(key: string): Promise<StreamSlot | undefined> {
    const { maxStreams } = this.#limits
    if (maxStreams === undefined) return undefined
    const open = (this.#streams.get(key) ?? 0) + 1
    if (open > maxStreams) return noSlot(maxStreams)
    this.#streams.set(key, open)
    let isHeld = true
    return takenSlot(maxStreams, open, () => {
      if (isHeld) this.#close(key)
      isHeld = false
    })
  }

  #close(key: string): void {
    const open = (this.#streams.get(key) ?? 1) - 1
    if (open === 0) this.#streams.delete(key)
    else this.#streams.set(key, open)
  }

  /** Nothing is kept for longer than a window: who comes to a settled key finds it as if it were new. */
  #forget(now: number): void {
    for (const [key, settledAt] of this.#settledAt) {
      if (settledAt > now) return
      this.#settledAt.delete(key)
    }
  }
}
