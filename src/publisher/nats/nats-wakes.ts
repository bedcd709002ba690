import { withTimeout } from '../../core/timeout.ts'
import { channelDigest } from '../digest.ts'
import type { Appended, LogWatch, Wake } from '../event-log.ts'
import { NO_TAG } from '../position.ts'
import { parseRecord } from '../record-text.ts'
import { shareCalls } from '../share-calls.ts'
import { lookInterval, Watches } from '../watches.ts'
import type { NatsConnection, NatsMessage } from './nats-connection.ts'
import { toText } from './stream-api.ts'

export interface NatsWakesOptions {
  /** What their subjects begin with. */
  readonly prefix: string
  readonly retentionSeconds: number
  /** The longest that the server may take to answer, in ms. */
  readonly timeout: number
}

/** Of the connection: since then messages may have been lost, and what was stored may have been too. */
const DOUBTS: readonly string[] = ['disconnect', 'reconnect', 'update']

/** What the stream publishes again of what it has stored, to the watches of each process. */
export class NatsWakes {
  readonly #connection: NatsConnection
  readonly #prefix: string
  readonly #subscriptions = new Map<string, { unsubscribe(): void }>()
  /** The channels whose readers have to look for themselves, lest they go on in a history that was replaced. */
  readonly #doubted = new Set<string>()
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
        this.#doubted.delete(channel)
      },
    })
  }

  open(wake: Wake): LogWatch {
    this.#start()
    return this.#watches.open(wake)
  }

  close(): void {
    this.#status?.stop?.()
    this.#status = undefined
    this.#watches.close()
  }

  async #listen(channel: string): Promise<void> {
    const subscription = this.#connection.subscribe(`${this.#prefix}.*.${channelDigest(channel)}`, {
      callback: (error, message) => {
        if (error === null) this.#watches.wake(channel, this.#doubted.delete(channel) ? undefined : appendedIn(message))
      },
    })
    this.#subscriptions.set(channel, subscription)
    await this.#flush()
  }

  #start(): void {
    if (this.#status !== undefined) return
    this.#status = this.#connection.status()
    this.#follow(this.#status).catch(() => {})
  }

  async #follow(status: AsyncIterable<{ readonly type: string }>): Promise<void> {
    for await (const { type } of status) {
      if (!DOUBTS.includes(type)) continue
      for (const channel of this.#subscriptions.keys()) this.#doubted.add(channel)
      if (type !== 'disconnect') void this.#makeUp()
    }
  }

  /** What others have said meanwhile is lost. It may still be, until the server has the subscriptions again. */
  async #makeUp(): Promise<void> {
    await this.#flush().catch(() => {})
    this.#watches.wakeAll()
  }
}

/** The record of a message that the stream has published again. */
function appendedIn({ subject, headers, data }: NatsMessage): Appended | undefined {
  const offset = Number(headers?.get('Nats-Sequence'))
  const newest = Number(headers?.get('Nats-Last-Sequence'))
  if (!(offset > 0)) return undefined
  const [epoch = '', name = ''] = subject.split('.').slice(-2)
  const record = { offset, ...parseRecord(toText(data)) }
  const place = { epoch: epoch + name, offset, tag: record.tag }
  // Without one before it there may have been some whose time is over.
  return { before: { ...place, offset: newest || offset - 1, tag: NO_TAG }, last: place, records: [record] }
}
