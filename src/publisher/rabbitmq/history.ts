import { RPCError } from '../../core/error.ts'
import { Connector } from './connector.ts'
import type { RabbitConnection, RabbitMessage } from './rabbit-connection.ts'
import { parseMessage, type StreamMessage } from './stream-message.ts'

export interface HistoryQuery {
  readonly queue: string
  /** RabbitMQ begins later, without a word, where this is no more. */
  readonly from: number | 'first'
  /** The last offset that is asked for. */
  readonly until: number
  readonly isEnough: (message: StreamMessage) => boolean
}

const PREFETCH = 200

const ATTEMPTS = 3

/** So many look at the same time, each on a channel of its own: a connection has only so many. */
const READERS = 16

/**
 * Reads streams from places further back, on a connection of its own: RabbitMQ 3.10 may close the whole connection of who
 * asks for the beginning of a stream that was just trimmed.
 */
export class History {
  readonly #connector: Connector
  readonly #waiting: (() => void)[] = []
  #readers = 0

  constructor(connect: () => Promise<RabbitConnection>, timeout: number) {
    this.#connector = new Connector(connect, timeout)
  }

  /** @throws {RPCError} `SERVICE_UNAVAILABLE` when RabbitMQ does not answer. */
  async read(query: HistoryQuery): Promise<readonly StreamMessage[]> {
    if (this.#readers === READERS) await new Promise<void>((resolve) => this.#waiting.push(resolve))
    else this.#readers++
    try {
      return await this.#readNow(query)
    } finally {
      const next = this.#waiting.shift()
      if (next === undefined) this.#readers--
      else next()
    }
  }

  close(): Promise<void> {
    return this.#connector.close()
  }

  async #readNow(query: HistoryQuery): Promise<readonly StreamMessage[]> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#connector.use((connection) => readStream(connection, query))
      } catch (cause) {
        if (attempt < ATTEMPTS && !(cause instanceof RPCError)) continue
        throw new RPCError('SERVICE_UNAVAILABLE', { message: `RabbitMQ did not give the history: ${cause}`, cause })
      }
    }
  }
}

async function readStream(
  connection: RabbitConnection,
  { queue, from, until, isEnough }: HistoryQuery,
): Promise<readonly StreamMessage[]> {
  const channel = await connection.createChannel()
  try {
    return await new Promise<readonly StreamMessage[]>((resolve, reject) => {
      channel.on('error', reject)
      channel.on('close', () => reject(new Error('The channel was closed')))
      const messages: StreamMessage[] = []
      let isDone = false
      const receive = (received: RabbitMessage | null): void => {
        if (received === null) reject(new Error('The queue was deleted'))
        if (received === null || isDone) return
        channel.ack(received)
        const message = parseMessage(received)
        messages.push(message)
        isDone = message.offset >= until || isEnough(message)
        if (isDone) resolve(messages)
      }
      const offset = from === 'first' ? from : Math.max(from - 1, 0)
      channel
        .prefetch(PREFETCH)
        .then(() => channel.consume(queue, receive, { arguments: { 'x-stream-offset': offset } }))
        .catch(reject)
    })
  } finally {
    channel.close().catch(() => {})
  }
}
