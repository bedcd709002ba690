import { RPCError } from '../../core/error.ts'
import { withTimeout } from '../../core/timeout.ts'
import { parseRecord } from '../record-text.ts'
import { RecentMessages, type SharedMessage } from '../shared-stream.ts'
import type { KafkaBatch, KafkaMessage } from './kafka-client.ts'

/** The offsets that a partition has, as Kafka counts them: from `low` on, and not yet `high`. */
export interface Bounds {
  readonly low: number
  readonly high: number
}

interface Search {
  readonly from: number
  readonly until: number
  readonly isEnough: (message: SharedMessage) => boolean
  readonly found: SharedMessage[]
  resolve(messages: readonly SharedMessage[]): void
}

export interface PartitionOptions {
  readonly seek: (offset: number) => void
  readonly onRecord: (message: SharedMessage) => void
  /** The client is somewhere else than it should: it will not go on before somebody has it catch up. */
  readonly onStray: () => void
  readonly timeout: number
}

/**
 * One partition as this process reads it: at its end, and for a while further back when somebody looks for history. The
 * client knows one place only, so that all who look for history do so one after the other.
 */
export class Partition {
  readonly #options: PartitionOptions
  #recent: RecentMessages | undefined
  #low: number
  /** Where the end has been read up to. */
  #end: number
  /** Where the client is to read next. */
  #next: number
  /** Whether the client has gone somewhere else by itself, as it does when its place was trimmed. */
  #isLost = false
  #search: Search | undefined
  /** When the last one who looks for history is done. */
  #searched: Promise<unknown> = Promise.resolve()
  readonly #waiting = new Set<() => void>()
  #closed: unknown

  constructor(bounds: Bounds, options: PartitionOptions) {
    this.#options = options
    this.#low = bounds.low
    this.#end = this.#next = this.#begin(bounds)
  }

  /** The newest records; `undefined` when it has to catch up first. */
  get recent(): RecentMessages | undefined {
    return this.#isLost ? undefined : this.#recent
  }

  /** The first offset that there was when somebody last looked. */
  get low(): number {
    return this.#low
  }

  /** Lets go of all who wait. */
  close(reason: unknown): void {
    this.#closed = reason
    for (const look of this.#waiting) look()
  }

  /** The client has lost its place. */
  goOn(): void {
    this.#options.seek(this.#next)
  }

  /** Resolves when everything below `high` has come. Gives the newest records. */
  async catchUp(bounds: Bounds): Promise<RecentMessages> {
    this.#low = bounds.low
    // Of a topic that was made anew, or trimmed while this process did not get along, nothing is remembered.
    if (bounds.high < this.#end || bounds.low > this.#end) this.#restart(bounds)
    else if (this.#isLost) this.goOn()
    this.#isLost = false
    await this.#until(() => this.#recent !== undefined && this.#end >= bounds.high)
    return this.#recent as unknown as RecentMessages
  }

  /** The messages from an offset on: up to the one below `until`, the first that is enough, or as many as may be looked through. */
  async history(
    from: number,
    until: number,
    isEnough: (message: SharedMessage) => boolean,
  ): Promise<readonly SharedMessage[]> {
    const found = this.#searched.then(() => this.#find(from, until, isEnough))
    this.#searched = found.catch(() => {})
    return found
  }

  receive({ batch, isStale, resolveOffset }: KafkaBatch): void {
    // What was asked for before the last seek.
    if (isStale()) return
    if (batch.fetchedOffset !== undefined && Number(batch.fetchedOffset) !== this.#next) {
      this.#stray()
      return
    }
    for (const message of batch.messages) this.#take(Number(message.offset), parseMessage(message))
    const next = Number(batch.lastOffset()) + 1
    this.#next = next
    this.#end = Math.max(this.#end, next)
    resolveOffset(batch.lastOffset())
    if (this.#search !== undefined && next >= this.#search.until) this.#endSearch()
    for (const look of this.#waiting) look()
  }

  /** The last record is read again: its tag is part of the place behind it. */
  #begin({ low, high }: Bounds): number {
    const isEmpty = high === low
    this.#recent = isEmpty ? new RecentMessages({ offset: high, tag: '-' }) : undefined
    return isEmpty ? high : high - 1
  }

  #stray(): void {
    if (this.#isLost) return
    this.#isLost = true
    this.#options.onStray()
  }

  #restart(bounds: Bounds): void {
    this.#end = this.#next = this.#begin(bounds)
    this.#options.seek(this.#next)
  }

  #take(offset: number, message: SharedMessage): void {
    const search = this.#search
    if (search !== undefined && offset >= search.from && offset < search.until) {
      search.found.push(message)
      if (search.isEnough(message)) this.#endSearch()
    }
    if (offset < this.#end) return
    this.#end = offset + 1
    if (this.#recent === undefined) this.#recent = new RecentMessages(message)
    else this.#recent.push(message)
    this.#options.onRecord(message)
  }

  async #find(
    from: number,
    until: number,
    isEnough: (message: SharedMessage) => boolean,
  ): Promise<readonly SharedMessage[]> {
    if (from >= until) return []
    let found: readonly SharedMessage[] | undefined
    const resolve = (messages: readonly SharedMessage[]): void => {
      found = messages
      for (const look of this.#waiting) look()
    }
    const search: Search = { from, until, isEnough, found: [], resolve }
    this.#search = search
    this.#next = from
    this.#options.seek(from)
    try {
      await this.#until(() => found !== undefined)
      return search.found
    } finally {
      this.#search = undefined
      if (this.#next < this.#end) {
        this.#next = this.#end
        this.#options.seek(this.#next)
      }
    }
  }

  #endSearch(): void {
    this.#search?.resolve(this.#search.found)
    this.#search = undefined
  }

  async #until(isDone: () => boolean): Promise<void> {
    if (isDone()) return
    let look = (): void => {}
    const done = new Promise<void>((resolve, reject) => {
      look = () => {
        if (this.#closed !== undefined) reject(this.#closed)
        else if (isDone()) resolve()
      }
    })
    this.#waiting.add(look)
    look()
    try {
      await withTimeout(done, { milliseconds: this.#options.timeout, subject: 'Kafka' })
    } catch (cause) {
      if (cause === this.#closed) throw cause
      throw new RPCError('SERVICE_UNAVAILABLE', { message: 'Kafka did not give what there is', cause })
    } finally {
      this.#waiting.delete(look)
    }
  }
}

function parseMessage({ key, value, offset }: KafkaMessage): SharedMessage {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  const record = parseRecord(decoder.decode(value ?? new Uint8Array()))
  return { offset: Number(offset) + 1, channel: decoder.decode(key ?? new Uint8Array()), ...record }
}
