import { AckPolicy, DeliverPolicy, jetstream, jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { NatsLog } from '../../../src/publisher/nats/nats-log.ts'
import { NatsServer } from '../../../test/tools/nats-server.ts'
import type { BenchEvent, Contender, LogCase } from '../contender.ts'
import { headwater } from '../headwater.ts'

/** Each event published to a stream, whose one consumer gets all of them. */
async function bare(url: string): Promise<Contender> {
  const [publisher, subscriber] = [await connect({ servers: url }), await connect({ servers: url })]
  const manager = await jetstreamManager(subscriber)
  await manager.streams.add({ name: 'bare', subjects: ['bare.>'], max_age: 300e9 })
  const consumers = jetstream(subscriber).consumers
  const { name } = await manager.consumers.add('bare', {
    ack_policy: AckPolicy.None,
    deliver_policy: DeliverPolicy.New,
    mem_storage: true,
    inactive_threshold: 60e9,
  })
  const listeners = new Map<string, (event: BenchEvent) => void>()
  const messages = await (await consumers.get('bare', name)).consume({ max_messages: 1000 })
  void (async () => {
    for await (const message of messages) {
      listeners.get(message.subject)?.(JSON.parse(message.string().slice(7)).json)
    }
  })()
  const stream = jetstream(publisher)
  return {
    publish: (channel, event) => stream.publish(`bare.${channel}`, `abcdef ${JSON.stringify({ json: event })}`),
    subscribe: async (channel, onEvent) => void listeners.set(`bare.${channel}`, onEvent),
  }
}

export const nats: LogCase = {
  start: () => NatsServer.start(),
  contenders: {
    headwater: async (url) => {
      const open = async () => {
        const connection = await connect({ servers: url })
        return new NatsLog(connection, { jetstream: jetstream(connection) })
      }
      return headwater(await open(), await open())
    },
    bare,
  },
}
