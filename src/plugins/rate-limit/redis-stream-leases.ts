import { NOW, type RedisScripts } from '../../core/redis-scripts.ts'

/** Each open stream is a member of its key's sorted set, scored by when its lease ends. Answers how many, -1 if full. */
const TAKE = `${NOW}
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
local open = redis.call('ZCARD', KEYS[1])
if open >= tonumber(ARGV[2]) then return -1 end
redis.call('ZADD', KEYS[1], now + ARGV[1], ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return open + 1`

/** Adds what is missing, too: where Redis has lost its data, the streams are still open. */
const RENEW = `${NOW}
for index = 2, #ARGV do redis.call('ZADD', KEYS[1], now + ARGV[1], ARGV[index]) end
return redis.call('PEXPIRE', KEYS[1], ARGV[1])`

const END = `return redis.call('ZREM', KEYS[1], ARGV[1])`

/** The open streams of this process, each with a lease in Redis that is renewed until it is released. */
export class RedisStreamLeases {
  readonly #scripts: RedisScripts
  readonly #duration: number
  readonly #held = new Map<string, Set<string>>()
  #timer: ReturnType<typeof setInterval> | undefined

  /** @param duration of a lease, in ms. */
  constructor(scripts: RedisScripts, duration: number) {
    this.#scripts = scripts
    this.#duration = duration
  }

  /** How many streams the key has with this one; `undefined` when there would be more than `limit`. */
  async take(key: string, limit: number, id: string): Promise<number | undefined> {
    const open = (await this.#scripts.run(TAKE, [key], [this.#duration, limit, id])) as number
    return open === -1 ? undefined : open
  }

  /** Renews a lease until the function that it gives is called. */
  hold(key: string, id: string): () => void {
    const ids = this.#held.get(key) ?? new Set()
    this.#held.set(key, ids.add(id))
    this.#timer ??= unref(setInterval(() => this.#renew(), this.#duration / 3))
    return () => {
      if (!ids.delete(id)) return
      if (ids.size === 0) this.#held.delete(key)
      if (this.#held.size === 0) {
        clearInterval(this.#timer)
        this.#timer = undefined
      }
      // What does not get there runs out by itself.
      this.#scripts.run(END, [key], [id]).catch(() => {})
    }
  }

  #renew(): void {
    // One that fails has two more chances before the lease runs out.
    for (const [key, ids] of this.#held) this.#scripts.run(RENEW, [key], [this.#duration, ...ids]).catch(() => {})
  }
}

/** Streams keep a process alive, not the counting of them. */
function unref(timer: ReturnType<typeof setInterval>): ReturnType<typeof setInterval> {
  timer.unref?.()
  return timer
}
