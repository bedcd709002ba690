import { IORedisPublisher } from '@orpc/experimental-publisher/ioredis'
import { Redis } from 'ioredis'
import { RedisLog } from '../../src/publisher/redis/redis-log.ts'
import type { BenchEvent, Contender } from './contender.ts'
import { headwaterIterators, pump } from './headwater.ts'

/** Publisher and subscribers in one process over ioredis, events kept for 300 s so that subscribers can resume. */
export const PEERS: Readonly<Record<'headwater' | 'orpc' | 'orpc, no resume', (url: string) => Promise<Contender>>> = {
  headwater: async (url) => headwaterIterators(new RedisLog(new Redis(url), { survives: 'nothing' })),
  orpc: async (url) => orpc(url, { resumeRetentionSeconds: 300 }),
  'orpc, no resume': async (url) => orpc(url, {}),
}

function orpc(url: string, options: { resumeRetentionSeconds?: number }): Contender {
  const publisher = new IORedisPublisher<Record<string, BenchEvent>>({
    commander: new Redis(url),
    listener: new Redis(url),
    ...options,
    // By default whoever is more than 100 events behind loses some without a word.
    maxBufferedEvents: 10_000,
  })
  return {
    publish: (channel, event) => publisher.publish(channel, event),
    subscribe: async (channel, onEvent) => {
      void pump(publisher.subscribe(channel), onEvent)
      // The iterator does not say when it is live. It is when one that comes after it is.
      const leave = await publisher.subscribe(channel, () => {})
      await leave()
    },
  }
}
