import { Kafka, logLevel } from 'kafkajs'
import { KafkaLog } from '../../../src/publisher/kafka/kafka-log.ts'
import { KafkaMock } from '../../../test/tools/kafka-mock.ts'
import type { BenchEvent, Contender, LogCase } from '../contender.ts'
import { headwater } from '../headwater.ts'

const connect = (broker: string): Kafka => new Kafka({ brokers: [broker], logLevel: logLevel.NOTHING })

/** Each event sent by itself, and consumed by a group of one. */
async function bare(broker: string): Promise<Contender> {
  const producer = connect(broker).producer({ retry: { retries: 0 } })
  await producer.connect()
  const listeners = new Map<string, (event: BenchEvent) => void>()
  const consumer = connect(broker).consumer({ groupId: 'bare', maxWaitTimeInMs: 100 })
  const joined = new Promise((resolve) => consumer.on('consumer.group_join', resolve))
  await consumer.connect()
  await consumer.subscribe({ topics: ['bare'], fromBeginning: false })
  await consumer.run({
    autoCommit: false,
    eachBatchAutoResolve: false,
    partitionsConsumedConcurrently: 4,
    eachBatch: async ({ batch, resolveOffset }) => {
      for (const { key, value } of batch.messages) {
        listeners.get(String(key))?.(JSON.parse(String(value)).json)
      }
      resolveOffset(batch.lastOffset())
    },
  })
  await joined
  let sent = 0
  return {
    publish: (channel, event) =>
      producer.send({
        topic: 'bare',
        acks: -1,
        messages: [{ partition: sent++ % 4, key: channel, value: JSON.stringify({ json: event }) }],
      }),
    subscribe: async (channel, onEvent) => void listeners.set(channel, onEvent),
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
