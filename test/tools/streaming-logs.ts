import { jetstream } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import amqplib from 'amqplib'
import { Kafka, logLevel } from 'kafkajs'
import type { EventLog } from '../../src/publisher/event-log.ts'
import { KafkaLog } from '../../src/publisher/kafka/kafka-log.ts'
import { NatsLog } from '../../src/publisher/nats/nats-log.ts'
import { RabbitLog } from '../../src/publisher/rabbitmq/rabbit-log.ts'

interface OpenLog {
  readonly log: EventLog
  /** Closes what the log leaves open. */
  close(): Promise<void>
}

/** The logs in streams that channels share, as a process opens them. */
const STREAMING_LOGS: Readonly<Record<string, (url: string) => Promise<OpenLog>>> = {
  nats: async (servers) => {
    const connection = await connect({ servers, reconnectTimeWait: 20, maxReconnectAttempts: -1 })
    return {
      log: new NatsLog(connection, { jetstream: jetstream(connection), timeout: 500 }),
      close: () => connection.close(),
    }
  },
  rabbitmq: async (url) => {
    const connectToRabbit = async () => {
      const connection = await amqplib.connect(url, { noDelay: true })
      connection.on('error', () => {})
      return connection
    }
    return { log: new RabbitLog(connectToRabbit, { epoch: 'histories', timeout: 2000 }), close: async () => {} }
  },
  kafka: async (broker) => {
    const log = new KafkaLog(new Kafka({ brokers: [broker], logLevel: logLevel.NOTHING }))
    await log.open()
    return { log, close: async () => {} }
  },
}

export async function openLog(kind: string, url: string): Promise<OpenLog> {
  const open = STREAMING_LOGS[kind]
  if (open === undefined) throw new Error(`There is no log ${kind}`)
  return open(url)
}
