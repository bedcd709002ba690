/** What is left of a limit. */
export interface RateLimitState {
  /** How many there may be. */
  readonly limit: number
  /** How many more there may be now. */
  readonly remaining: number
  /** From when on it may be one more than now, in ms since 1970. */
  readonly reset: number
}

export interface RateLimitResult extends RateLimitState {
  readonly success: boolean
}

/** A place for one open stream, or why there was none. */
export interface StreamSlot extends RateLimitResult {
  /** Gives the place back. Again, or where there was none, it does nothing. */
  release(): void
}

/** Counts calls and open streams. One of your own needs nothing but `limit`. */
export interface RateLimiter {
  /** Counts one call of this key, unless that is one too many. */
  limit(key: string): Promise<RateLimitResult>
  /** Takes a place for one stream of this key; `undefined`, or no such method, where they are not capped. */
  openStream?(key: string): Promise<StreamSlot | undefined>
}

/** What the limiters of this package are told. */
export interface RateLimits {
  /** How many calls of a key there may be at once. */
  readonly maxRequests: number
  /** How long it takes until all of them may be made again, in ms: each comes back after its share of it. */
  readonly window: number
  /** How many streams of a key may be open at a time. Default: any number. */
  readonly maxStreams?: number | undefined
}

/** @throws {RangeError} where a limit would let nothing through, or everything. */
export function assertRateLimits({ maxRequests, window, maxStreams }: RateLimits): void {
  for (const [name, value] of Object.entries({ maxRequests, window, maxStreams: maxStreams ?? 1 })) {
    if (!(Number.isSafeInteger(value) && value > 0)) {
      throw new RangeError(`A rate limiter's ${name} must be a whole number above 0, got ${value}`)
    }
  }
}

/** After how long one call is given back, in ms: a multiple of 1/1024, so that sums are exact and no call is lost to rounding. */
export function shareOf({ maxRequests, window }: RateLimits): number {
  return Math.max(1, Math.floor((window * 1024) / maxRequests)) / 1024
}

/** Nobody knows when a stream ends: how long a caller should wait before it asks for a place again, in ms. */
const STREAM_RETRY = 5000

/** A place among `limit` others of which `open` are taken, itself included. */
export function takenSlot(limit: number, open: number, release: () => void): StreamSlot {
  return { success: true, limit, remaining: limit - open, reset: Date.now() + STREAM_RETRY, release }
}

export function noSlot(limit: number): StreamSlot {
  return { success: false, limit, remaining: 0, reset: Date.now() + STREAM_RETRY, release: () => {} }
}
