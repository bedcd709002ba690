import { onAbort, sleep } from '../../core/abort.ts'
import { RPCError } from '../../core/error.ts'
import { isEventSource } from '../../event/event-iterator.ts'
import { leaveStream } from '../../event/leave-stream.ts'
import { mapEventIterator } from '../../event/map-event-iterator.ts'
import type { RateLimiter, RateLimitResult, RateLimitState } from './rate-limiter.ts'

/** A call that counts for a key. */
export interface LimitedCall {
  readonly limiter: RateLimiter
  readonly key: string
  readonly signal: AbortSignal
  /** How long it may wait to be let in, in ms. */
  readonly maxWait: number
  /** Is told what came out, for the headers of the answer. */
  readonly report: (result: RateLimitResult) => void
}

/** Counts a call. @throws {RPCError} `TOO_MANY_REQUESTS` when it is one too many. */
export async function countCall({ limiter, key, signal, maxWait, report }: LimitedCall): Promise<void> {
  const deadline = Date.now() + maxWait
  let result = await limiter.limit(key)
  while (!result.success && result.reset <= deadline) {
    await sleep(Math.max(0, result.reset - Date.now()), signal)
    result = await limiter.limit(key)
  }
  report(result)
  if (!result.success) throw refusal('Too many calls: try again later', result)
}

/**
 * A call's output, for which a stream holds a place until it ends, fails or its client leaves.
 *
 * @throws {RPCError} `TOO_MANY_REQUESTS` when it is one stream too many, which is left at once.
 */
export async function holdSlot({ limiter, key, signal, report }: LimitedCall, output: unknown): Promise<unknown> {
  if (!isEventSource(output)) return output
  try {
    const slot = await limiter.openStream?.(key)
    if (slot === undefined) return output
    if (!slot.success) {
      report(slot)
      throw refusal('Too many open streams: close one, or try again later', slot)
    }
    const offAbort = onAbort(signal, slot.release)
    return mapEventIterator(output, {
      finally: () => {
        offAbort()
        slot.release()
      },
    })
  } catch (error) {
    leaveStream(output)
    throw error
  }
}

function refusal(message: string, { limit, remaining, reset }: RateLimitState): RPCError<string, RateLimitState> {
  return new RPCError('TOO_MANY_REQUESTS', { message, data: { limit, remaining, reset } })
}
