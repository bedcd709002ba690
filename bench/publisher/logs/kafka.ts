import { Kafka, logLevel } from 'kafkajs'
import { KafkaLog } from '../../../src/publisher/kafka/kafka-log.ts'
import { KafkaMock } from '../../../test/tools/kafka-mock.ts'
import type { Contender, LogCase } from '../contender.ts'
import { headwater } from '../headwater.ts'
import { encode, idOf, newEpoch, newTag, type OnRecord, receiver } from './by-hand.ts'

const connect = (broker: string): Kafka => new Kafka({ brokers: [broker], logLevel: logLevel.NOTHING })

/** Each event sent by itself, with a tag, and consumed by a group of one. */
async function bare(broker: string): Promise<Contender> {
  const producer = connect(broker).producer({ retry: { retries: 0 } })
  await producer.connect()
  const epoch = newEpoch()
  const receivers = new Map<string, OnRecord>()
  const consumer = connect(broker).consumer({ groupId: 'bare', maxWaitTimeInMs: 100 })
  const joined = new Promise((resolve) => consumer.on('consumer.group_join', resolve))
  await consumer.connect()
  await consumer.subscribe({ topics: ['bare'], fromBeginning: false })
  await consumer.run({
    autoCommit: false,
    eachBatchAutoResolve: false,
    partitionsConsumedConcurrently: 4,
    eachBatch: async ({ batch, resolveOffset }) => {
      for (const { key, value, offset } of batch.messages) {
        const text = String(value)
        const place = { epoch, offset: Number(offset) + 1, tag: text.slice(0, 6) }
        receivers.get(String(key))?.(place, text.slice(6))
      }
      resolveOffset(batch.lastOffset())
    },
  })
  await joined
  return {
    publish: async (channel, event) => {
      const tag = newTag()
      // In one order: a channel stays in its partition.
      const partition = Number(channel.slice(channel.lastIndexOf(':') + 1)) % 4
      const messages = [{ partition, key: channel, value: tag + encode(event) }]
      const [sent] = await producer.send({ topic: 'bare', acks: -1, messages })
      return { id: idOf({ epoch, offset: Number(sent?.baseOffset) + 1, tag }), duplicate: false }
    },
    subscribe: async (channel, onEvent) => void receivers.set(channel, receiver(onEvent, 0, false)),
  }
}

/** A mock of the protocol, in memory. */
export const kafka: LogCase = {
  start: async () => {
    const mock = await KafkaMock.start()
    return { url: mock.broker, stop: () => mock.stop() }
  },
  contenders: {
    headwater: async (broker) => {
      const logs = [new KafkaLog(connect(broker)), new KafkaLog(connect(broker))] as const
      await logs[1].open()
      return headwater(...logs)
    },
    bare,
  },
}
