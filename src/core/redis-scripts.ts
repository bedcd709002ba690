import { withTimeout } from './timeout.ts'

/** What this package needs of a client of node-redis (https://github.com/redis/node-redis), single or cluster. */
export interface NodeRedisClient {
  eval(script: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>
  evalSha(hash: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>
}

/** What this package needs of a client of ioredis (https://github.com/redis/ioredis), single or cluster. */
export interface IORedisClient {
  /** By this one it is told apart. */
  readonly defineCommand: unknown
  eval(script: string, keyCount: number, ...keysAndArguments: string[]): Promise<unknown>
  evalsha(hash: string, keyCount: number, ...keysAndArguments: string[]): Promise<unknown>
}

/** Your own client. It stays yours: you connect it, listen to its errors and close it. */
export type RedisClient = NodeRedisClient | IORedisClient

/**
 * Runs scripts, the keys of each in one slot. Clients wait for a server that is away; the timeout, in ms, does not let
 * them.
 */
export class RedisScripts {
  readonly #client: RedisClient
  readonly #timeout: number
  readonly #hashes = new Map<string, string>()

  constructor(client: RedisClient, timeout: number) {
    this.#client = client
    this.#timeout = timeout
  }

  run(script: string, keys: readonly string[], args: readonly (string | number)[] = []): Promise<unknown> {
    return this.within(this.#send(script, [...keys], args.map(String)))
  }

  /** What comes of `work`, if it comes in time. */
  within<Result>(work: Promise<Result>): Promise<Result> {
    return withTimeout(work, { milliseconds: this.#timeout, subject: 'Redis' })
  }

  /**
   * By its hash as soon as that is known, in the order of the calls. A server that does not know the script has not run
   * it, and is sent the whole of it.
   */
  async #send(script: string, keys: string[], args: string[]): Promise<unknown> {
    const hash = this.#hashes.get(script)
    if (hash === undefined) {
      this.#hashes.set(script, '')
      sha1(script).then((known) => this.#hashes.set(script, known))
    }
    if (!hash) return this.#evaluate(script, keys, args)
    const client = this.#client
    try {
      if ('defineCommand' in client) return await client.evalsha(hash, keys.length, ...keys, ...args)
      return await client.evalSha(hash, { keys, arguments: args })
    } catch (error) {
      if (redisErrorCode(error) !== 'NOSCRIPT') throw error
      return this.#evaluate(script, keys, args)
    }
  }

  #evaluate(script: string, keys: string[], args: string[]): Promise<unknown> {
    const client = this.#client
    if ('defineCommand' in client) return client.eval(script, keys.length, ...keys, ...args)
    return client.eval(script, { keys, arguments: args })
  }
}

/** The code of an error that the server answered with; `undefined` for the client's own. */
export function redisErrorCode(error: unknown): string | undefined {
  return error instanceof Error ? /^([A-Z][A-Z0-9]+) /.exec(error.message)?.[1] : undefined
}

/** Begins a script that goes by the server's clock, in ms. */
export const NOW = `local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
`

async function sha1(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-1', new TextEncoder().encode(text))
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
