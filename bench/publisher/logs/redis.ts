import { Redis } from 'ioredis'
import { createClient } from 'redis'
import { RedisLog } from '../../../src/publisher/redis/redis-log.ts'
import { APPEND } from '../../../src/publisher/redis/scripts.ts'
import type { RedisLogClient } from '../../../src/publisher/redis/subscriber.ts'
import { parseWakeMessage } from '../../../src/publisher/redis/wake-message.ts'
import { RedisServer } from '../../../test/tools/redis-server.ts'
import type { Contender, LogCase } from '../contender.ts'
import { headwater } from '../headwater.ts'
import { encode, idOf, inTime, LIMITS, newEpoch, newTag, receiver } from './by-hand.ts'

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

/**
 * The log's own script appends each event and publishes it, and subscribers take it from that message. Each append can be
 * told from one that the client has sent twice, and has a limit of time.
 */
async function bare(kind: keyof typeof DRIVERS, url: string): Promise<Contender> {
  const [publisher, subscriber] = [await DRIVERS[kind](url), await DRIVERS[kind](url)]
  const append = await publisher.load(APPEND)
  return {
    publish: async (channel, event) => {
      const base = `bare:{${channel}}`
      const tag = newTag()
      const keys = [base, `${base}:events`, ...(publisher.resends ? [`${base}:key:${tag}`] : [])]
      const data = encode(event)
      const limits = ['604800000', tag, String(LIMITS.milliseconds), String(LIMITS.events), '10000', 'PUBLISH', base]
      const reply = publisher.run(append, keys, [newEpoch(), ...limits, String(data.length), data])
      const [, epoch, before] = (await inTime(reply)) as [number, string, string]
      return { id: idOf({ epoch, offset: Number(before) + 1, tag }), duplicate: false }
    },
    subscribe: async (channel, onEvent) => {
      const receive = receiver(onEvent)
      await subscriber.listen(`bare:{${channel}}`, (message) => {
        const appended = parseWakeMessage(message)
        for (const { offset, tag, data } of appended?.records ?? []) {
          receive({ epoch: appended?.last.epoch ?? '', offset, tag }, data)
        }
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
