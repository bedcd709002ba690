import { RPCError } from '../core/error.ts'
import { formatEvent } from '../wire/message.ts'
import { type CustomSerializer, Serializer } from '../wire/serializer.ts'
import { AppendQueue, type PublishResult } from './append-queue.ts'
import { ChannelReader } from './channel-reader.ts'
import type { EventLog, LogWatch, Retention } from './event-log.ts'
import { type SubscribeOptions, Subscription } from './subscription.ts'

export interface PublisherOptions {
  /** How long events are kept. Default: 300 seconds, and at most 10,000 events of a channel. */
  readonly retention?: Retention | undefined
  /** Types of your own in events. */
  readonly customSerializers?: readonly CustomSerializer[] | undefined
  /** Is told when the log fails at something that is tried again. Default: `console.error`. */
  readonly onError?: ((error: unknown) => void) | undefined
}

export interface PublishOptions {
  /** A second publish with the same key, within the log's window, appends nothing and answers as the first did. */
  readonly idempotencyKey?: string | undefined
}

interface OpenReader {
  readonly reader: ChannelReader
  subscribers: number
  linger: ReturnType<typeof setTimeout> | undefined
}

const DEFAULT_RETENTION: Retention = { seconds: 300, events: 10_000 }

/** A reader without subscribers stays for those who come back, in ms. */
const LINGER = 30_000

/**
 * The typed front of a log: publish to channels and subscribe to them, from any process that shares the log.
 *
 * @example
 * const publisher = new Publisher<{ [room: `room:${string}`]: Message }>(new MemoryLog())
 * const { id } = await publisher.publish('room:7', message)
 * for await (const message of publisher.subscribe('room:7', { signal, lastEventId })) show(message)
 */
export class Publisher<Events extends object> {
  readonly #log: EventLog
  readonly #serializer: Serializer
  readonly #onError: (error: unknown) => void
  readonly #queue: AppendQueue
  readonly #readers = new Map<string, OpenReader>()
  #watch: Promise<LogWatch> | undefined
  #closed = false

  constructor(log: EventLog, options: PublisherOptions = {}) {
    this.#log = log
    this.#serializer = new Serializer({ customSerializers: options.customSerializers })
    this.#onError = options.onError ?? console.error
    this.#queue = new AppendQueue({
      log,
      retention: options.retention ?? DEFAULT_RETENTION,
      // A subscriber that called before the publisher gets the event: its start is fixed before the append.
      before: (channel) => this.#readers.get(channel)?.reader.started,
      after: (channel, ...appended) => this.#readers.get(channel)?.reader.feed(...appended),
    })
  }

  /**
   * Appends an event to a channel. Resolves when the log has it as safely as its capabilities say.
   *
   * The event is encoded by this call: what you do to the object later changes nothing. Events of one publisher to one
   * channel are appended in the order of the calls, awaited or not.
   *
   * @throws {TypeError} when the event cannot be encoded.
   * @throws {RPCError} what the log throws; `APPEND_UNKNOWN` when the event may have been appended or not.
   */
  async publish<Channel extends keyof Events & string>(
    channel: Channel,
    event: Events[Channel],
    { idempotencyKey }: PublishOptions = {},
  ): Promise<PublishResult> {
    this.#assertOpen()
    return this.#queue.append(channel, { data: formatEvent(this.#serializer, event) }, idempotencyKey)
  }

  /**
   * The events of a channel as an iterator. Which ones is fixed by this call, not by the first `next()`.
   *
   * Events carry their ids (`getEventMeta`) and are shared by all subscribers: plain ones are frozen.
   *
   * @throws {RPCError} from the iterator: `EVENT_GAP` when events after `lastEventId` can no longer be served;
   *   `EVENT_UNREADABLE` when a record does not decode.
   */
  subscribe<Channel extends keyof Events & string>(
    channel: Channel,
    options: SubscribeOptions = {},
  ): Subscription<Events[Channel]> {
    this.#assertOpen()
    const open = this.#readers.get(channel) ?? this.#openReader(channel)
    clearTimeout(open.linger)
    open.subscribers++
    return new Subscription<Events[Channel]>(
      {
        reader: open.reader,
        serializer: this.#serializer,
        onRelease: () => {
          open.subscribers--
          if (open.subscribers === 0) this.#closeReaderLater(channel, open)
        },
      },
      options,
    )
  }

  /** Ends all subscriptions with `SERVICE_UNAVAILABLE` and lets go of the log, which stays open: it is the caller's. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    const readers = [...this.#readers.values()]
    this.#readers.clear()
    for (const { linger } of readers) clearTimeout(linger)
    for (const { reader } of readers) reader.close()
    const watch = await this.#watch?.catch(() => undefined)
    await watch?.close()
  }

  #openReader(channel: string): OpenReader {
    const reader = new ChannelReader(channel, {
      log: this.#log,
      watch: () => this.#watchOnce(),
      serializer: this.#serializer,
      onError: this.#onError,
      unwatch: () => void this.#unwatch(channel),
    })
    const open: OpenReader = { reader, subscribers: 0, linger: undefined }
    this.#readers.set(channel, open)
    return open
  }

  #closeReaderLater(channel: string, open: OpenReader): void {
    if (this.#closed) return
    open.linger = setTimeout(() => {
      this.#readers.delete(channel)
      open.reader.close()
    }, LINGER)
    ;(open.linger as { unref?: () => void }).unref?.()
  }

  /** Unless there is a new reader already. */
  async #unwatch(channel: string): Promise<void> {
    const watch = await this.#watch?.catch(() => undefined)
    if (!this.#readers.has(channel)) watch?.delete(channel)
  }

  /** One watch for the whole process; a failed attempt is not kept. */
  #watchOnce(): Promise<LogWatch> {
    this.#watch ??= this.#log
      .watch((channel) => {
        const woken = channel === undefined ? [...this.#readers.values()] : [this.#readers.get(channel)]
        for (const open of woken) open?.reader.wake()
      })
      .catch((error: unknown) => {
        this.#watch = undefined
        throw error
      })
    return this.#watch
  }

  #assertOpen(): void {
    if (this.#closed) throw new RPCError('SERVICE_UNAVAILABLE', { message: 'The publisher was closed' })
  }
}
