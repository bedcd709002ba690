import { RPCError } from '../../core/error.ts'
import { withTimeout } from '../../core/timeout.ts'
import { closeQuietly, type RabbitConnection } from './rabbit-connection.ts'

/** One connection, made when it is needed, and again when it was lost. */
export class Connector {
  readonly #connect: () => Promise<RabbitConnection>
  readonly #timeout: number
  readonly #stop = new AbortController()
  #connection: Promise<RabbitConnection> | undefined

  constructor(connect: () => Promise<RabbitConnection>, timeout: number) {
    this.#connect = connect
    this.#timeout = timeout
  }

  /**
   * Does something on the connection. One that does not answer in time is closed.
   *
   * @throws {RPCError} `TIMEOUT`
   */
  async use<Result>(work: (connection: RabbitConnection) => Promise<Result>): Promise<Result> {
    this.#stop.signal.throwIfAborted()
    this.#connection ??= this.#open()
    const connection = this.#connection
    try {
      return await withTimeout(connection.then(work), { milliseconds: this.#timeout, subject: 'RabbitMQ' })
    } catch (error) {
      if (error instanceof RPCError && error.code === 'TIMEOUT') this.#drop(connection)
      throw error
    }
  }

  /** Resolves when there is none any more. */
  async close(): Promise<void> {
    this.#stop.abort(new RPCError('SERVICE_UNAVAILABLE', { message: 'The log was closed' }))
    if (this.#connection !== undefined) await this.#drop(this.#connection)
  }

  #open(): Promise<RabbitConnection> {
    const connecting = (async () => this.#connect())().then((connection) => {
      connection.on('error', forget)
      connection.on('close', forget)
      return connection
    })
    const forget = (): void => {
      if (this.#connection === connecting) this.#connection = undefined
    }
    connecting.catch(forget)
    return connecting
  }

  /** Does not wait longer for one that is only just being made, but closes that too. */
  #drop(connection: Promise<RabbitConnection>): Promise<void> {
    if (this.#connection === connection) this.#connection = undefined
    const milliseconds = this.#timeout
    const closed = connection.then((open) => closeQuietly(open, milliseconds))
    return withTimeout(closed, { milliseconds: 2 * milliseconds, subject: 'RabbitMQ' }).catch(() => {})
  }
}
