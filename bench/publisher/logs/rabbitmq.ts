import amqplib from 'amqplib'
import { RabbitLog } from '../../../src/publisher/rabbitmq/rabbit-log.ts'
import { RabbitServer } from '../../../test/tools/rabbitmq-server.ts'
import type { BenchEvent, Contender, LogCase } from '../contender.ts'
import { headwater } from '../headwater.ts'

/** Each event sent to one stream, confirmed, and consumed from it by publisher and subscriber, as the log has to. */
async function bare(url: string): Promise<Contender> {
  const listeners = new Map<string, (event: BenchEvent) => void>()
  const open = async (onData: (channel: string, data: string) => void) => {
    const connection = await amqplib.connect(url, { noDelay: true })
    const channel = await connection.createConfirmChannel()
    await channel.assertQueue('bare', { durable: true, arguments: { 'x-queue-type': 'stream', 'x-max-age': '300s' } })
    await channel.prefetch(500)
    await channel.consume(
      'bare',
      (message) => {
        if (message === null) return
        channel.ack(message)
        onData(message.properties.correlationId, message.content.toString())
      },
      { arguments: { 'x-stream-offset': 'next' } },
    )
    return channel
  }
  const publisher = await open(() => {})
  await open((channel, data) => listeners.get(channel)?.(JSON.parse(data).json))
  return {
    publish: (channel, event) =>
      new Promise<void>((resolve, reject) => {
        const content = Buffer.from(JSON.stringify({ json: event }))
        publisher.sendToQueue('bare', content, { correlationId: channel, persistent: true }, (error) =>
          error ? reject(error) : resolve(),
        )
      }),
    subscribe: async (channel, onEvent) => void listeners.set(channel, onEvent),
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
