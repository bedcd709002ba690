import { RPCError } from '../../core/error.ts'
import { closeQuietly, type RabbitConnection, type RabbitMessage } from './rabbit-connection.ts'
import { parseMessage, type StreamMessage } from './stream-message.ts'

/** At most so many messages of a stream are looked through for one page. */
const SCAN_LIMIT = 5000

const PREFETCH = 200

/**
 * Reads streams from places further back, on a connection of its own: RabbitMQ 3.10 may close the whole connection of who
 * asks for the beginning of a stream that was just trimmed.
 */
export class History {
  readonly #connect: () => Promise<RabbitConnection>
  readonly #timeout: number
  #connection: Promise<RabbitConnection> | undefined
  #closed = false

  constructor(connect: () => Promise<RabbitConnection>, timeout: number) {
    this.#connect = connect
    this.#timeout = timeout
  }

  /**
   * The messages from an offset on, or from the first one there is: up to the one at `until`, to the first that `isEnough`, or to
   * as many as may be looked through. RabbitMQ begins later, without a word, where there is less.
   *
   * @throws {RPCError} `SERVICE_UNAVAILABLE` when RabbitMQ does not answer.
   */
  async read(
    queue: string,
    from: number | 'first',
    until: number,
    isEnough: (message: StreamMessage) => boolean,
  ): Promise<readonly StreamMessage[]> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#read(queue, from, until, isEnough)
      } catch (cause) {
        this.#drop()
        const message = `RabbitMQ did not give the history: ${cause}`
        if (attempt === 3 || this.#closed) throw new RPCError('SERVICE_UNAVAILABLE', { message, cause })
      }
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    const connection = await this.#connection?.catch(() => undefined)
    if (connection !== undefined) await closeQuietly(connection, this.#timeout)
  }

  async #read(
    queue: string,
    from: number | 'first',
    until: number,
    isEnough: (message: StreamMessage) => boolean,
  ): Promise<readonly StreamMessage[]> {
    const channel = await (await this.#open()).createChannel()
    let timer: ReturnType<typeof setTimeout> | undefined
    try {
      return await new Promise<readonly StreamMessage[]>((resolve, reject) => {
        timer = setTimeout(() => reject(new Error(`Nothing came within ${this.#timeout} ms`)), this.#timeout)
        channel.on('error', reject)
        channel.on('close', () => reject(new Error('The channel was closed')))
        const messages: StreamMessage[] = []
        const receive = (received: RabbitMessage | null): void => {
          try {
            if (received === null) throw new Error('The queue was deleted')
            channel.ack(received)
            const message = parseMessage(received)
            messages.push(message)
            if (message.offset >= until || isEnough(message) || messages.length === SCAN_LIMIT) resolve(messages)
          } catch (error) {
            reject(error)
          }
        }
        const offset = from === 'first' ? from : Math.max(from - 1, 0)
        channel
          .prefetch(PREFETCH)
          .then(() => channel.consume(queue, receive, { arguments: { 'x-stream-offset': offset } }))
          .catch(reject)
      })
    } finally {
      clearTimeout(timer)
      channel.close().catch(() => {})
    }
  }

  #open(): Promise<RabbitConnection> {
    this.#connection ??= this.#connect().then((connection) => {
      connection.on('error', () => this.#drop())
      connection.on('close', () => this.#drop())
      return connection
    })
    return this.#connection
  }

  #drop(): void {
    const dropped = this.#connection
    this.#connection = undefined
    dropped?.then((connection) => connection.close()).catch(() => {})
  }
}
