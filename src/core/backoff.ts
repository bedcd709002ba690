export interface BackoffOptions {
  /** Ceiling of the first wait, in ms. Default 500. */
  readonly initialDelay?: number | undefined
  /** Ceiling of every wait, in ms. Default 30,000. */
  readonly maxDelay?: number | undefined
  /** Source of chance, 0 to 1. Default `Math.random`. */
  readonly random?: (() => number) | undefined
}

/**
 * How long to wait before retry `n` (1 is the first), in ms: full jitter under a doubling ceiling.
 *
 * The jitter begins with the first retry: a server that restarts sees its clients spread out, not in one wave.
 */
export function backoffDelay(retry: number, options: BackoffOptions = {}): number {
  const { initialDelay = 500, maxDelay = 30_000, random = Math.random } = options
  // 2 ** 30 is past any ceiling; on the way to Infinity, 0 * Infinity would be no number.
  return random() * Math.min(maxDelay, initialDelay * 2 ** Math.min(retry - 1, 30))
}
