import { AckPolicy, DeliverPolicy, jetstream, jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { NatsLog } from '../../../src/publisher/nats/nats-log.ts'
import { NatsServer } from '../../../test/tools/nats-server.ts'
import type { Contender, LogCase } from '../contender.ts'
import { headwater } from '../headwater.ts'
import { encode, idOf, LIMITS, newEpoch, newTag, type OnRecord, receiver } from './by-hand.ts'

/** Each event published to a stream, with a tag and a limit of time for the acknowledgement; one consumer gets all of them. */
async function bare(url: string): Promise<Contender> {
  const [publisher, subscriber] = [await connect({ servers: url }), await connect({ servers: url })]
  const epoch = newEpoch()
  const manager = await jetstreamManager(subscriber)
  await manager.streams.add({ name: 'bare', subjects: ['bare.>'], max_age: LIMITS.milliseconds * 1e6 })
  const consumers = jetstream(subscriber).consumers
  const { name } = await manager.consumers.add('bare', {
    ack_policy: AckPolicy.None,
    deliver_policy: DeliverPolicy.New,
    mem_storage: true,
    inactive_threshold: 60e9,
  })
  const receivers = new Map<string, OnRecord>()
  const messages = await (await consumers.get('bare', name)).consume({ max_messages: 1000 })
  void (async () => {
    for await (const message of messages) {
      const text = message.string()
      receivers.get(message.subject)?.({ epoch, offset: message.seq, tag: text.slice(0, 6) }, text.slice(6))
    }
  })()
  const stream = jetstream(publisher)
  return {
    publish: async (channel, event) => {
      const tag = newTag()
      const { seq, duplicate } = await stream.publish(`bare.${channel}`, tag + encode(event), { timeout: 5000 })
      return { id: idOf({ epoch, offset: seq, tag }), duplicate }
    },
    subscribe: async (channel, onEvent) => void receivers.set(`bare.${channel}`, receiver(onEvent, 0, false)),
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
