import { Inject, Injectable } from '@nestjs/common'
import { Redis } from 'ioredis'

const InjectRedis = () => Inject('REDIS')

// Service using Redis pub/sub. Changed for ioredis: it connects by itself, and gives messages to a listener.
@Injectable()
export class RedisEventService {
  constructor(
    @InjectRedis() private readonly redis: Redis,
  ) {}

  async *createEventStream(channel: string, lastEventId?: string) {
    const subscriber = this.redis.duplicate({ lazyConnect: true })
    await subscriber.connect()
    
    const queue: any[] = []
    let resolve: (() => void) | null = null

    subscriber.on('message', (_channel, message) => {
      queue.push(JSON.parse(message))
      if (resolve) {
        resolve()
        resolve = null
      }
    })
    await subscriber.subscribe(channel)

    try {
      // Replay missed events from Redis list if lastEventId provided
      if (lastEventId) {
        const missed = await this.redis.lrange(
          `events:${channel}`,
          parseInt(lastEventId),
          -1
        )
        for (const event of missed) {
          yield JSON.parse(event)
        }
      }

      while (true) {
        if (queue.length > 0) {
          yield queue.shift()
        } else {
          await new Promise<void>((res) => { resolve = res })
        }
      }
    } finally {
      await subscriber.unsubscribe(channel)
      await subscriber.quit()
    }
  }

  async publishEvent(channel: string, event: any) {
    // Store in list for replay
    await this.redis.rpush(`events:${channel}`, JSON.stringify(event))
    // Trim to keep only recent events
    await this.redis.ltrim(`events:${channel}`, -1000, -1)
    // Publish to subscribers
    await this.redis.publish(channel, JSON.stringify(event))
  }
}
