import { RPCError } from '../../core/error.ts'
import { randomToken } from '../../core/random-token.ts'
import { NOW, type RedisClient, RedisScripts } from '../../core/redis-scripts.ts'
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
import { RedisStreamLeases } from './redis-stream-leases.ts'

export interface RedisRateLimiterOptions extends RateLimits {
  /** What its keys begin with. Default `'headwater:'`. */
  readonly prefix?: string | undefined
  /** How long a command may take, in ms. Default 1,000. */
  readonly timeout?: number | undefined
  /**
   * What happens to calls when Redis does not answer: `'allow'` counts nothing meanwhile, `'refuse'` answers
   * `SERVICE_UNAVAILABLE`. A function is told the error and says which. Default `'allow'`.
   */
  readonly onStoreError?: 'allow' | 'refuse' | ((error: unknown) => 'allow' | 'refuse') | undefined
  /** How long a stream of a process that was killed still counts, in ms. Default 30,000. */
  readonly lease?: number | undefined
}

/** The same reckoning as `MemoryRateLimiter.limit`. Answers with success, remaining and the ms until the reset. */
const LIMIT = `${NOW}
local limit, share = tonumber(ARGV[1]), tonumber(ARGV[2])
local horizon = now + limit * share
local settled = math.max(tonumber(redis.call('GET', KEYS[1]) or 0), now)
local success = settled + share <= horizon and 1 or 0
if success == 1 then
  settled = settled + share
  redis.call('SET', KEYS[1], string.format('%.17g', settled), 'PX', math.ceil(settled - now))
end
local remaining = math.floor((horizon - settled) / share)
return { success, remaining, math.ceil(settled + (remaining + 1) * share - horizon) }`

/**
 * Counts calls and open streams of all processes that share a Redis, by its clock and in the way of
 * `MemoryRateLimiter`. Each count is one atomic script.
 *
 * An open stream holds a lease that its process renews: one that was killed gives its places back when they run out.
 *
 * @example
 * new RedisRateLimiter(await createClient().connect(), { maxRequests: 100, window: 60_000, maxStreams: 5 })
 */
export class RedisRateLimiter implements RateLimiter {
  readonly #options: RedisRateLimiterOptions
  readonly #share: number
  readonly #prefix: string
  readonly #scripts: RedisScripts
  readonly #leases: RedisStreamLeases

  constructor(client: RedisClient, options: RedisRateLimiterOptions) {
    assertRateLimits(options)
    this.#options = options
    this.#share = shareOf(options)
    this.#prefix = options.prefix ?? 'headwater:'
    this.#scripts = new RedisScripts(client, options.timeout ?? 1000)
    this.#leases = new RedisStreamLeases(this.#scripts, options.lease ?? 30_000)
  }

  async limit(key: string): Promise<RateLimitResult> {
    const { maxRequests: limit } = this.#options
    try {
      const reply = await this.#scripts.run(LIMIT, [`${this.#prefix}calls:${key}`], [limit, this.#share])
      const [success, remaining, wait] = reply as [number, number, number]
      return { success: success === 1, limit, remaining, reset: Date.now() + wait }
    } catch (error) {
      this.#mayRefuse(error)
      return { success: true, limit, remaining: limit, reset: Date.now() }
    }
  }

  async openStream(key: string): Promise<StreamSlot | undefined> {
    const { maxStreams } = this.#options
    if (maxStreams === undefined) return undefined
    const set = `${this.#prefix}streams:${key}`
    const id = randomToken(16)
    let open: number | undefined
    try {
      open = await this.#leases.take(set, maxStreams, id)
    } catch (error) {
      this.#mayRefuse(error)
      // Held all the same: once Redis is back, this stream counts.
      open = 0
    }
    return open === undefined ? noSlot(maxStreams) : takenSlot(maxStreams, open, this.#leases.hold(set, id))
  }

  #mayRefuse(cause: unknown): void {
    const { onStoreError = 'allow' } = this.#options
    const decision = typeof onStoreError === 'function' ? onStoreError(cause) : onStoreError
    if (decision === 'allow') return
    throw new RPCError('SERVICE_UNAVAILABLE', { message: 'Calls cannot be counted just now: try again later', cause })
  }
}
