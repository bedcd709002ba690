import { RPCError } from '../core/error.ts'
import { type CustomSerializer, Serializer } from '../wire/serializer.ts'
import { AppendQueue, type PublishResult } from './append-queue.ts'
import { ChannelReaders } from './channel-readers.ts'
import { EventFormat } from './event-format.ts'
import type { EventLog, Retention } from './event-log.ts'
import { type SubscribeOptions, Subscription } from './subscription.ts'

export interface PublisherOptions {
  /** How long events are kept. Default: 300 seconds, and at most 10,000 events of a channel. */
  readonly retention?: Retention | undefined
  /** Types of your own in events. */
  readonly customSerializers?: readonly CustomSerializer[] | undefined
  /** Is told when the log fails at something that is tried again. Default: `console.error`. */
  readonly onError?: ((error: unknown) => void) | undefined
  /** How often the log is asked, once for all channels, whether a wake-up was lost, in ms. Default 15,000. */
  readonly heartbeat?: number | undefined
  /** The longest that the log may take to answer a reader, in ms; then it is asked again. Default 10,000. */
  readonly timeout?: number | undefined
}

export interface PublishOptions {
  /** A second publish with the same key, within the log's window, appends nothing and answers as the first did. */
  readonly idempotencyKey?: string | undefined
}

const DEFAULT_RETENTION: Retention = { seconds: 300, events: 10_000 }

/**
 * The typed front of a log: publish to channels and subscribe to them, from any process that shares the log.
 *
 * @example
 * const publisher = new Publisher<{ [room: `room:${string}`]: Message }>(new MemoryLog())
 * const { id } = await publisher.publish('room:7', message)
 * for await (const message of publisher.subscribe('room:7', { signal, lastEventId })) show(message)
 */
export class Publisher<Events extends object> {
  readonly #serializer: Serializer
  readonly #readers: ChannelReaders
  readonly #queue: AppendQueue
  readonly #closing = new AbortController()

  constructor(log: EventLog, options: PublisherOptions = {}) {
    const { retention = DEFAULT_RETENTION, onError = console.error, heartbeat = 15_000, timeout = 10_000 } = options
    this.#serializer = new Serializer({ customSerializers: options.customSerializers })
    this.#readers = new ChannelReaders({
      log,
      formatOf: (channel) => this.#formatOf(channel),
      heartbeat,
      timeout,
      onError: (error) => callSafely(onError, error),
    })
    this.#queue = new AppendQueue({
      log,
      retentionOf: () => retention,
      // A subscriber that called before the publisher gets the event: its start is fixed before the append.
      before: (channel) => this.#readers.started(channel),
      after: (channel, appended) => this.#readers.feed(channel, appended),
      unknown: (channel) => this.#readers.wake(channel),
      signal: this.#closing.signal,
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
    return this.#queue.append(channel, [{ data: this.#formatOf(channel).encode(event) }], idempotencyKey)
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
    return new Subscription<Events[Channel]>(this.#readers.lease(channel), options)
  }

  /** Looks for new events of a channel now, or of all: after the commit of a transaction that appended them, say. */
  wake(channel?: keyof Events & string): void {
    this.#readers.wake(channel)
  }

  /** Ends all subscriptions with `SERVICE_UNAVAILABLE` and lets go of the log, which stays open: it is the caller's. */
  async close(): Promise<void> {
    this.#closing.abort()
    await this.#readers.close()
  }

  #formatOf(channel: string): EventFormat {
    return new EventFormat(channel, this.#serializer)
  }

  #assertOpen(): void {
    if (this.#closing.signal.aborted) throw new RPCError('SERVICE_UNAVAILABLE', { message: 'The publisher was closed' })
  }
}

/** What a callback throws must not harm who calls it. */
function callSafely(callback: (error: unknown) => unknown, error: unknown): void {
  try {
    const result = callback(error)
    if (result instanceof Promise) result.catch(console.error)
  } catch (thrown) {
    console.error(thrown)
  }
}
