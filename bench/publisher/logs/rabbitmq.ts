import amqplib from 'amqplib'
import { RabbitLog } from '../../../src/publisher/rabbitmq/rabbit-log.ts'
import { RabbitServer } from '../../../test/tools/rabbitmq-server.ts'
import type { Contender, LogCase } from '../contender.ts'
import { headwater } from '../headwater.ts'
import { encode, idOf, inTime, newEpoch, newTag, type OnRecord, type Place, receiver } from './by-hand.ts'

/**
 * Each event sent to one stream, confirmed, and consumed from it by the subscriber, and by the publisher, who learns its place
 * only so.
 */
async function bare(url: string): Promise<Contender> {
  const epoch = newEpoch()
  const receivers = new Map<string, OnRecord>()
  const appended = new Map<string, (place: Place) => void>()
  const open = async (onRecord: (channel: string, place: Place, data: string) => void) => {
    const connection = await amqplib.connect(url, { noDelay: true })
    const channel = await connection.createConfirmChannel()
    await channel.assertQueue('bare', { durable: true, arguments: { 'x-queue-type': 'stream', 'x-max-age': '300s' } })
    await channel.prefetch(500)
    await channel.consume(
      'bare',
      (message) => {
        if (message === null) return
        channel.ack(message)
        const text = message.content.toString()
        const offset = Number(message.properties.headers?.['x-stream-offset']) + 1
        onRecord(message.properties.correlationId, { epoch, offset, tag: text.slice(0, 6) }, text.slice(6))
      },
      { arguments: { 'x-stream-offset': 'next' } },
    )
    return channel
  }
  const publisher = await open((_, place) => {
    appended.get(place.tag)?.(place)
    appended.delete(place.tag)
  })
  await open((channel, place, data) => receivers.get(channel)?.(place, data))
  return {
    publish: async (channel, event) => {
      const tag = newTag()
      const place = new Promise<Place>((resolve) => appended.set(tag, resolve))
      const confirmed = new Promise<void>((resolve, reject) => {
        const content = Buffer.from(tag + encode(event))
        publisher.sendToQueue('bare', content, { correlationId: channel, persistent: true }, (error) =>
          error ? reject(error) : resolve(),
        )
      })
      const [own] = await inTime(Promise.all([place, confirmed]))
      return { id: idOf(own), duplicate: false }
    },
    subscribe: async (channel, onEvent) => void receivers.set(channel, receiver(onEvent, 0, false)),
  }
}

export const rabbitmq: LogCase = {
  start: () => RabbitServer.start(),
  contenders: {
    headwater: async (url) => {
      const open = () => new RabbitLog(() => amqplib.connect(url, { noDelay: true }))
      return headwater(open(), open())
    },
    bare,
  },
}
