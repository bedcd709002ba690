import { RPCError } from '../../core/error.ts'
import { randomToken } from '../../core/random-token.ts'
import { withTimeout } from '../../core/timeout.ts'
import type { SharedMessage } from '../shared-stream.ts'
import type { KafkaClient, KafkaConsumer } from './kafka-client.ts'
import { type Bounds, Partition } from './partition.ts'

export interface TopicReaderOptions {
  readonly topic: string
  readonly timeout: number
  readonly signal: AbortSignal
  readonly onRecord: (message: SharedMessage) => void
  /** A partition has to catch up. */
  readonly onStray: () => void
  /** It can no longer be used. */
  readonly onLost: () => void
}

/** How long the broker waits for more before it answers, in ms; so long it takes before a seek is heard. */
const MAX_WAIT = 100

/** How long a group may take to come together, in ms: brokers wait some seconds for more members. */
const JOIN_TIMEOUT = 30_000

/**
 * Reads all partitions of a topic in this process, by a consumer in a group of its own: the client assigns no partitions
 * without one.
 */
export class TopicReader {
  readonly #consumer: KafkaConsumer
  readonly partitions: readonly Partition[]

  private constructor(consumer: KafkaConsumer, bounds: readonly Bounds[], options: TopicReaderOptions) {
    const { topic, onRecord, onStray, timeout } = options
    this.#consumer = consumer
    this.partitions = bounds.map((bounds, partition) => {
      const seek = (offset: number): void => consumer.seek({ topic, partition, offset: String(offset) })
      return new Partition(bounds, { seek, onRecord, onStray, timeout })
    })
  }

  static async open(client: KafkaClient, bounds: readonly Bounds[], options: TopicReaderOptions): Promise<TopicReader> {
    const consumer = client.consumer({ groupId: `headwater-${randomToken(16)}`, maxWaitTimeInMs: MAX_WAIT })
    const reader = new TopicReader(consumer, bounds, options)
    try {
      const { signal } = options
      await withTimeout(reader.#join(options), { milliseconds: JOIN_TIMEOUT, subject: 'The consumer group', signal })
      return reader
    } catch (error) {
      void reader.close()
      throw error
    }
  }

  async close(): Promise<void> {
    const reason = new RPCError('SERVICE_UNAVAILABLE', { message: 'The log was closed' })
    for (const partition of this.partitions) partition.close(reason)
    await this.#consumer.disconnect().catch(() => {})
  }

  /** Resolves when it reads. */
  async #join({ topic, onLost }: TopicReaderOptions): Promise<void> {
    const consumer = this.#consumer
    await consumer.connect()
    await consumer.subscribe({ topics: [topic], fromBeginning: false })
    const joined = new Promise<void>((resolve, reject) => {
      // Nothing is committed: whenever the group comes together the client has forgotten where it was.
      consumer.on('consumer.group_join', () => {
        for (const partition of this.partitions) partition.goOn()
        resolve()
      })
      consumer.on('consumer.crash', ({ payload }) => {
        const { restart, error } = payload as { restart?: boolean; error?: unknown }
        if (restart === true) return
        reject(error)
        onLost()
      })
    })
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: this.partitions.length,
      eachBatch: async (batch) => this.partitions[batch.batch.partition]?.receive(batch),
    })
    await joined
  }
}
