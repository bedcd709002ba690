import { Redis } from 'ioredis'
import { createClient } from 'redis'
import { randomToken } from '../../../src/core/random-token.ts'
import { RedisLog } from '../../../src/publisher/redis/redis-log.ts'
import { APPEND } from '../../../src/publisher/redis/scripts.ts'
import type { RedisLogClient } from '../../../src/publisher/redis/subscriber.ts'
import { parseWakeMessage } from '../../../src/publisher/redis/wake-message.ts'
import { RedisServer } from '../../../test/tools/redis-server.ts'
import type { Contender, LogCase } from '../contender.ts'
import { headwater } from '../headwater.ts'

type Run = (hash: string, keys: string[], args: string[]) => Promise<unknown>

interface Driver {
  /** Sends commands again whose reply was lost: then an append needs a key. */
  readonly resends: boolean
  readonly client: RedisLogClient
  readonly load: (script: string) => Promise<string>
  readonly run: Run
  readonly listen: (topic: string, onMessage: (message: string) => void) => Promise<unknown>
}

const DRIVERS: Readonly<Record<'node-redis' | 'ioredis', (url: string) => Promise<Driver>>> = {
  'node-redis': async (url) => {
    const client = await createClient({ url }).connect()
    const subscriber = await client.duplicate().connect()
    return {
      client,
      resends: false,
      load: (script) => client.scriptLoad(script),
      run: (hash, keys, args) => client.evalSha(hash, { keys, arguments: args }),
      listen: (topic, onMessage) => subscriber.subscribe(topic, onMessage),
    }
  },
  ioredis: async (url) => {
    const client = new Redis(url)
    const subscriber = client.duplicate()
    const listeners = new Map<string, (message: string) => void>()
    subscriber.on('message', (topic, message) => listeners.get(topic)?.(message))
    return {
      client,
      resends: true,
      load: async (script) => String(await client.script('LOAD', script)),
      run: (hash, keys, args) => client.evalsha(hash, keys.length, ...keys, ...args),
      listen: (topic, onMessage) => {
        listeners.set(topic, onMessage)
        return subscriber.subscribe(topic)
      },
    }
  },
}

/** The log's own script appends each event and publishes it; subscribers take it from that message. */
async function bare(kind: keyof typeof DRIVERS, url: string): Promise<Contender> {
  const [publisher, subscriber] = [await DRIVERS[kind](url), await DRIVERS[kind](url)]
  const append = await publisher.load(APPEND)
  return {
    publish: (channel, event) => {
      const base = `bare:{${channel}}`
      const tag = randomToken(6)
      const keys = [base, `${base}:events`, ...(publisher.resends ? [`${base}:key:${tag}`] : [])]
      const data = JSON.stringify({ json: event })
      const limits = ['604800000', tag, '300000', '10000', '10000', 'PUBLISH', base, String(data.length)]
      return publisher.run(append, keys, [randomToken(12), ...limits, data])
    },
    subscribe: async (channel, onEvent) => {
      await subscriber.listen(`bare:{${channel}}`, (message) => {
        for (const { data } of parseWakeMessage(message)?.records ?? []) onEvent(JSON.parse(data).json)
      })
    },
  }
}

async function ours(kind: keyof typeof DRIVERS, url: string): Promise<Contender> {
  const logs = [await DRIVERS[kind](url), await DRIVERS[kind](url)].map(
    ({ client }) => new RedisLog(client, { survives: 'nothing' }),
  )
  return headwater(logs[0] as RedisLog, logs[1])
}

export function redis(kind: keyof typeof DRIVERS): LogCase {
  return {
    start: () => RedisServer.start(),
    contenders: { headwater: (url) => ours(kind, url), bare: (url) => bare(kind, url) },
  }
}
