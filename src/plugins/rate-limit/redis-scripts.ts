/** What this package needs of a client of node-redis (https://github.com/redis/node-redis), single or cluster. */
export interface NodeRedisClient {
  eval(script: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>
}

/** What this package needs of a client of ioredis (https://github.com/redis/ioredis), single or cluster. */
export interface IORedisClient {
  /** By this one it is told apart. */
  readonly defineCommand: unknown
  eval(script: string, keyCount: number, ...keysAndArguments: string[]): Promise<unknown>
}

/** Your own client. It stays yours: you connect it, listen to its errors and close it. */
export type RedisClient = NodeRedisClient | IORedisClient

/** Runs scripts on one key each. Clients wait for a server that is away; the timeout, in ms, does not let them. */
export class RedisScripts {
  readonly #client: RedisClient
  readonly #timeout: number

  constructor(client: RedisClient, timeout: number) {
    this.#client = client
    this.#timeout = timeout
  }

  async run(script: string, key: string, ...args: readonly (string | number)[]): Promise<unknown> {
    const timeout = this.#timeout
    let timer: ReturnType<typeof setTimeout> | undefined
    const expiry = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`Redis did not answer within ${timeout} ms`)), timeout)
    })
    try {
      return await Promise.race([this.#send(script, key, args.map(String)), expiry])
    } finally {
      clearTimeout(timer)
    }
  }

  #send(script: string, key: string, args: string[]): Promise<unknown> {
    const client = this.#client
    if ('defineCommand' in client) return client.eval(script, 1, key, ...args)
    return client.eval(script, { keys: [key], arguments: args })
  }
}

/** Begins a script that goes by the server's clock, in ms. */
export const NOW = `local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
`
