import { randomToken } from '../../core/random-token.ts'
import { withTimeout } from '../../core/timeout.ts'
import { digest } from '../digest.ts'
import type { LogWatch } from '../event-log.ts'
import { shareCalls } from '../share-calls.ts'
import { lookInterval, Watches } from '../watches.ts'
import type { NatsConnection } from './nats-connection.ts'

export interface NatsWakesOptions {
  /** What their subjects begin with. */
  readonly prefix: string
  readonly retentionSeconds: number
  /** The longest that the server may take to answer, in ms. */
  readonly timeout: number
}

/** Messages without a stream that tell the watches of all processes of what has been appended. */
export class NatsWakes {
  readonly #connection: NatsConnection
  readonly #prefix: string
  /** What says that a message is one of our own. */
  readonly #id: string = randomToken(12)
  readonly #subscriptions = new Map<string, { unsubscribe(): void }>()
  readonly #watches: Watches
  /** Resolves once the server has got everything. */
  readonly #flush: () => Promise<void>
  #status: (AsyncIterable<{ readonly type: string }> & { stop?(): void }) | undefined

  constructor(connection: NatsConnection, { prefix, retentionSeconds, timeout }: NatsWakesOptions) {
    this.#connection = connection
    this.#prefix = prefix
    this.#flush = shareCalls(() => withTimeout(connection.flush(), { milliseconds: timeout, subject: 'NATS' }))
    this.#watches = new Watches({
      interval: lookInterval(retentionSeconds),
      listen: (channel) => this.#listen(channel),
      unlisten: (channel) => {
        this.#subscriptions.get(channel)?.unsubscribe()
        this.#subscriptions.delete(channel)
      },
    })
  }

  open(wake: (channel?: string) => void): LogWatch {
    this.#start()
    return this.#watches.open(wake)
  }

  appended(channel: string, name: string): void {
    this.#watches.wake(channel)
    try {
      this.#connection.publish(`${this.#prefix}.${name}`, this.#id)
    } catch {
      // The connection is being closed. Others find the event when they look.
    }
  }

  close(): void {
    this.#status?.stop?.()
    this.#status = undefined
    this.#watches.close()
  }

  async #listen(channel: string): Promise<void> {
    const subscription = this.#connection.subscribe(`${this.#prefix}.${digest(channel)}`, {
      callback: (error, { data }) => {
        if (error === null && new TextDecoder().decode(data) !== this.#id) this.#watches.wake(channel)
      },
    })
    this.#subscriptions.set(channel, subscription)
    await this.#flush()
  }

  #start(): void {
    if (this.#status !== undefined) return
    this.#status = this.#connection.status()
    this.#wakeOnReconnect(this.#status).catch(() => {})
  }

  /** What others have said meanwhile is lost. */
  async #wakeOnReconnect(status: AsyncIterable<{ readonly type: string }>): Promise<void> {
    for await (const { type } of status) if (type === 'reconnect') this.#watches.wakeAll()
  }
}
