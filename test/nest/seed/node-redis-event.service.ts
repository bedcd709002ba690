import { Inject, Injectable } from '@nestjs/common'

const InjectRedis = () => Inject('REDIS')

// Service using Redis pub/sub. Changed for node-redis: the names of its commands.
@Injectable()
export class RedisEventService {
  constructor(
    @InjectRedis() private readonly redis: any,
  ) {}

  async *createEventStream(channel: string, lastEventId?: string) {
    const subscriber = this.redis.duplicate()
    await subscriber.connect()
    
    const queue: any[] = []
    let resolve: (() => void) | null = null

    await subscriber.subscribe(channel, (message) => {
      queue.push(JSON.parse(message))
      if (resolve) {
        resolve()
        resolve = null
      }
    })

    try {
      // Replay missed events from Redis list if lastEventId provided
      if (lastEventId) {
        const missed = await this.redis.lRange(
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
      await subscriber.close()
    }
  }

  async publishEvent(channel: string, event: any) {
    // Store in list for replay
    await this.redis.rPush(`events:${channel}`, JSON.stringify(event))
    // Trim to keep only recent events
    await this.redis.lTrim(`events:${channel}`, -1000, -1)
    // Publish to subscribers
    await this.redis.publish(channel, JSON.stringify(event))
  }
}
