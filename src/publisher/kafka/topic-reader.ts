import { randomToken } from '../../core/random-token.ts'
import type { SharedMessage } from '../shared-stream.ts'
import type { KafkaClient, KafkaConsumer } from './kafka-client.ts'
import { type Bounds, Partition } from './partition.ts'

export interface TopicReaderOptions {
  readonly topic: string
  readonly timeout: number
  readonly onRecord: (message: SharedMessage) => void
  /** It can no longer be used. */
  readonly onLost: () => void
}

/** How long the broker waits for more before it answers, in ms; so long it takes before a seek is heard. */
const MAX_WAIT = 100

/**
 * Reads all partitions of a topic in this process, by a consumer in a group of its own: the client assigns no partitions
 * without one.
 */
export class TopicReader {
  readonly #consumer: KafkaConsumer
  readonly partitions: readonly Partition[]

  private constructor(consumer: KafkaConsumer, bounds: readonly Bounds[], options: TopicReaderOptions) {
    const { topic, onRecord, timeout } = options
    this.#consumer = consumer
    this.partitions = bounds.map((bounds, partition) => {
      const seek = (offset: number): void => consumer.seek({ topic, partition, offset: String(offset) })
      return new Partition(bounds, { seek, onRecord, timeout })
    })
  }

  static async open(client: KafkaClient, bounds: readonly Bounds[], options: TopicReaderOptions): Promise<TopicReader> {
    const consumer = client.consumer({ groupId: `headwater-${randomToken(16)}`, maxWaitTimeInMs: MAX_WAIT })
    const reader = new TopicReader(consumer, bounds, options)
    try {
      await consumer.connect()
      await consumer.subscribe({ topics: [options.topic], fromBeginning: false })
      const joined = new Promise<void>((resolve) => {
        // Nothing is committed: whenever the group comes together the client has forgotten where it was.
        consumer.on('consumer.group_join', () => {
          for (const partition of reader.partitions) partition.goOn()
          resolve()
        })
      })
      consumer.on('consumer.crash', ({ payload }) => {
        const { restart } = payload as { restart?: boolean }
        if (restart !== true) options.onLost()
      })
      await consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        partitionsConsumedConcurrently: bounds.length,
        eachBatch: async (batch) => reader.partitions[batch.batch.partition]?.receive(batch),
      })
      await joined
      return reader
    } catch (error) {
      await reader.close()
      throw error
    }
  }

  async close(): Promise<void> {
    await this.#consumer.disconnect().catch(() => {})
  }
}
