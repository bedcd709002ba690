import { RPCError } from '../../core/error.ts'
import { randomToken } from '../../core/random-token.ts'
import { formatRecord, RECORD_TAG_LENGTH } from '../record-text.ts'
import { shareCalls } from '../share-calls.ts'
import { RecentMessages } from '../shared-stream.ts'
import type { RabbitConfirmChannel, RabbitConnection, RabbitMessage } from './rabbit-connection.ts'
import { parseMessage, type StreamMessage } from './stream-message.ts'

export interface ShardOptions {
  readonly queue: string
  readonly arguments: Readonly<Record<string, unknown>>
  readonly timeout: number
  /** A record has come, of this process or another. */
  readonly onRecord: (message: StreamMessage) => void
  /** It can no longer be used; once it was open. */
  readonly onLost: () => void
}

interface Sent {
  resolve(message: StreamMessage): void
  reject(error: unknown): void
}

/** RabbitMQ sends no more than this ahead of the acknowledgements. */
const PREFETCH = 500

const unknown = (cause?: unknown): RPCError =>
  new RPCError('APPEND_UNKNOWN', {
    status: 503,
    message: 'RabbitMQ did not give the event back: it may have been appended or not',
    cause,
  })

/**
 * One stream, written to and read at its end by this process. RabbitMQ's confirms carry no offset: who has sent
 * something knows its place when it comes back.
 */
export class Shard {
  readonly #channel: RabbitConfirmChannel
  readonly #options: ShardOptions
  readonly #sent = new Map<string, Sent>()
  /** Once it is open. */
  #recent: RecentMessages | undefined
  readonly #mark: () => Promise<unknown> = shareCalls(() => this.send('', ''))
  #isLost = false

  private constructor(channel: RabbitConfirmChannel, options: ShardOptions) {
    this.#channel = channel
    this.#options = options
    channel.on('error', () => this.#lose())
    channel.on('close', () => this.#lose())
  }

  /** Resolves when it is known where the stream ends. */
  static async open(connection: RabbitConnection, options: ShardOptions): Promise<Shard> {
    const channel = await connection.createConfirmChannel()
    const shard = new Shard(channel, options)
    try {
      await channel.assertQueue(options.queue, { durable: true, arguments: { ...options.arguments } })
      await channel.prefetch(PREFETCH)
      const receive = shard.#receive.bind(shard)
      await channel.consume(options.queue, receive, { arguments: { 'x-stream-offset': 'next' } })
      await shard.send('', '')
      return shard
    } catch (error) {
      shard.#lose()
      throw error
    }
  }

  /** The newest records. */
  get recent(): RecentMessages {
    return this.#recent as RecentMessages
  }

  /** Everything that was acknowledged to anybody before this call has come. */
  async catchUp(): Promise<void> {
    await this.#mark().catch((cause) => {
      throw new RPCError('SERVICE_UNAVAILABLE', { message: 'RabbitMQ did not say how far it has come', cause })
    })
  }

  /** Resolves when it has come back. @throws {RPCError} `APPEND_UNKNOWN` when it does not. */
  async send(channel: string, data: string): Promise<StreamMessage> {
    if (this.#isLost) throw new RPCError('SERVICE_UNAVAILABLE', { message: 'There is no connection to RabbitMQ' })
    const id = randomToken(16)
    const content = new TextEncoder().encode(formatRecord(randomToken(RECORD_TAG_LENGTH), { data }))
    let timer: ReturnType<typeof setTimeout> | undefined
    try {
      return await new Promise((resolve, reject) => {
        this.#sent.set(id, { resolve, reject })
        // Who does not answer is asked no more: what reads has to begin anew.
        timer = setTimeout(() => this.#lose(), this.#options.timeout)
        const properties = { messageId: id, correlationId: channel, persistent: true }
        this.#channel.sendToQueue(this.#options.queue, buffer(content), properties, (cause) => {
          // Also when the channel is closed before the confirm: it says nothing about the event.
          if (cause) reject(unknown(cause))
        })
      })
    } finally {
      clearTimeout(timer)
      this.#sent.delete(id)
    }
  }

  #receive(received: RabbitMessage | null): void {
    // RabbitMQ's way to say that the queue was deleted.
    if (received === null) this.#lose()
    if (received === null || this.#isLost) return
    this.#channel.ack(received)
    const message = parseMessage(received)
    this.#sent.get(message.id)?.resolve(message)
    // The first one of its own is where it begins: what came before, nobody has asked for.
    if (this.#recent === undefined && this.#sent.has(message.id)) this.#recent = new RecentMessages(message)
    if (message.channel === '') return
    this.#recent?.push(message)
    this.#options.onRecord(message)
  }

  #lose(): void {
    if (this.#isLost) return
    this.#isLost = true
    for (const { reject } of this.#sent.values()) reject(unknown())
    // Who has not got it yet hears of it as an error.
    if (this.#recent !== undefined) this.#options.onLost()
    this.#channel.close().catch(() => {})
  }
}

/** The client wants Node's own kind of bytes. */
function buffer(bytes: Uint8Array): Uint8Array {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
