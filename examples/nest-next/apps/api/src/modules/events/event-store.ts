import { Injectable, type OnApplicationShutdown } from '@nestjs/common'
import { type EventLog, Publisher } from 'headwater/publisher'
import { MemoryLog } from 'headwater/publisher/memory'
import { RedisLog } from 'headwater/publisher/redis'
import { Redis } from 'ioredis'
import type { Events } from './events.ts'

const { REDIS_URL } = process.env

/** Where events are kept: in this process, or with `REDIS_URL` in Redis, for any number of processes. */
@Injectable()
export class EventStore implements OnApplicationShutdown {
  // One connection for commands and one for wake-ups, however many streams this process has.
  readonly #redis = REDIS_URL === undefined ? undefined : new Redis(REDIS_URL)
  readonly #log: EventLog = this.#redis === undefined ? new MemoryLog() : new RedisLog(this.#redis)
  readonly publisher: Publisher<Events> = new Publisher<Events>(this.#log, {
    retention: { seconds: 86_400, events: 1000 },
  })

  async onApplicationShutdown(): Promise<void> {
    await this.publisher.close()
    await this.#log.close()
    this.#redis?.disconnect()
  }
}
