import { RPCError } from '../core/error.ts'
import { withTimeout } from '../core/timeout.ts'
import type { EventGapData } from '../event/event-gap.ts'
import { type CustomSerializer, Serializer } from '../wire/serializer.ts'
import { AppendQueue, type PublishResult } from './append-queue.ts'
import { type ChannelsOptions, ChannelTable } from './channel-options.ts'
import { ChannelReaders } from './channel-readers.ts'
import { type ChannelEvent, ChannelsSubscription } from './channels-subscription.ts'
import { EventFormat } from './event-format.ts'
import type { EventLog, NewRecord, Retention } from './event-log.ts'
import { listen } from './listen.ts'
import {
  type ChannelRange,
  type ChannelStats,
  Measures,
  type PublisherObservation,
  type PublisherStats,
} from './measures.ts'
import { formatId, NO_TAG } from './position.ts'
import { ReplayLimit } from './replay-limit.ts'
import { type SubscribeOptions, Subscription } from './subscription.ts'
import { MAX_CHANNELS, VectorIds } from './vector-id.ts'

export interface PublisherOptions<Events extends object = any> {
  /** How long events are kept. Default: 300 seconds, and at most 10,000 events of a channel. */
  readonly retention?: Retention | undefined
  /**
   * Retention and schemas of single channels. `*` in a name stands for anything.
   *
   * @example
   * { 'room:*': { retention: { events: 100 }, schema: messageSchema } }
   */
  readonly channels?: ChannelsOptions<Events> | undefined
  /** Types of your own in events. */
  readonly customSerializers?: readonly CustomSerializer[] | undefined
  /** Is told when the log fails at something that is tried again, and of what listeners throw. Default: `console.error`. */
  readonly onError?: ((error: unknown) => void) | undefined
  /** How often the log is asked, once for all channels, whether a wake-up was lost, in ms. Default 15,000. */
  readonly heartbeat?: number | undefined
  /** The longest that the log may take to answer a reader, in ms; then it is asked again. Default 10,000. */
  readonly timeout?: number | undefined
  /** Is told of what is worth telling: appends, gaps, resumes, polls; for tracing and metrics. It should be quick. */
  readonly observe?: ((observation: PublisherObservation) => void) | undefined
}

export interface PublishOptions<Transaction = never> {
  /** A second publish with the same key, within the log's window, appends nothing and answers as the first did. */
  readonly idempotencyKey?: string | undefined
  /**
   * Appends inside this transaction, for logs that can: subscribers get the event once it is committed, by `wake()` or
   * else by the next poll, and nobody does when it is rolled back. It is not queued behind other publishes.
   */
  readonly transaction?: Transaction | undefined
}

export interface ListenOptions extends SubscribeOptions {
  /** Gets what ends the subscription, and what the listener throws. Default: the publisher's `onError`. */
  readonly onError?: ((error: unknown) => void) | undefined
}

export interface ChannelsSubscribeOptions extends Omit<SubscribeOptions, 'notBefore'> {
  /** The id of each channel before which nothing of it may be replayed. */
  readonly notBefore?: { readonly [channel: string]: string | undefined } | undefined
  /** `false`: events have no ids, and there may be more than 8 channels. */
  readonly resume?: boolean | undefined
}

/** How long a publish in a transaction waits for subscribers that begin just now, in ms. */
const START_WAIT = 1000

const DEFAULT_RETENTION: Retention = { seconds: 300, events: 10_000 }

/**
 * The typed front of a log: publish to channels and subscribe to them, from any process that shares the log.
 *
 * @example
 * const publisher = new Publisher<{ [room: `room:${string}`]: Message }>(new MemoryLog())
 * const { id } = await publisher.publish('room:7', message)
 * for await (const message of publisher.subscribe('room:7', { signal, lastEventId })) show(message)
 */
export class Publisher<Events extends object, Transaction = never> {
  readonly #log: EventLog<Transaction>
  readonly #serializer: Serializer
  readonly #channels: ChannelTable
  readonly #retention: Retention
  readonly #timeout: number
  readonly #onError: (error: unknown) => void
  readonly #measures: Measures
  readonly #readers: ChannelReaders
  readonly #queue: AppendQueue
  readonly #closing = new AbortController()

  constructor(log: EventLog<Transaction>, options: PublisherOptions<Events> = {}) {
    const { retention = DEFAULT_RETENTION, onError = console.error, heartbeat = 15_000, timeout = 10_000 } = options
    this.#log = log
    this.#serializer = new Serializer({ customSerializers: options.customSerializers })
    this.#channels = new ChannelTable(options.channels ?? {})
    this.#retention = retention
    this.#timeout = timeout
    this.#onError = (error) => {
      this.#measures.errors++
      callSafely(onError, error)
    }
    const { observe } = options
    const measures = new Measures()
    this.#measures = measures
    if (observe !== undefined) this.observe(observe)
    this.#readers = new ChannelReaders({
      log,
      formatOf: (channel) => this.#formatOf(channel),
      heartbeat,
      timeout,
      onError: this.#onError,
      measures,
    })
    this.#queue = new AppendQueue({
      log,
      retentionOf: (channel) => this.#retentionOf(channel),
      // A subscriber that called before the publisher gets the event: its start is fixed before the append.
      before: (channel) => this.#readers.started(channel),
      after: (channel, result, records) => this.#readers.feed(channel, result, records),
      unknown: (channel) => this.#readers.wake(channel),
      measures,
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
   * @throws {ValidationError} when it does not fit the channel's schema.
   * @throws {RPCError} what the log throws; `APPEND_UNKNOWN` when the event may have been appended or not; in a
   *   transaction, `TIMEOUT` when it keeps subscribers from starting: roll back and begin again.
   */
  publish<Channel extends keyof Events & string>(
    channel: Channel,
    event: Events[Channel],
    options: PublishOptions<Transaction> = {},
  ): Promise<PublishResult> {
    return this.#append(channel, [event], options)
  }

  /**
   * Appends several events to a channel, all or none, with nothing between them. One idempotency key covers them all,
   * and the answer has the id of the last one.
   *
   * @throws what `publish` throws; `RPCError` with code `NOT_IMPLEMENTED` when the log cannot append several at once.
   */
  async publishAll<Channel extends keyof Events & string>(
    channel: Channel,
    events: readonly Events[Channel][],
    options: PublishOptions<Transaction> = {},
  ): Promise<PublishResult> {
    if (events.length === 0) throw new TypeError('publishAll() takes at least one event')
    if (events.length > 1 && !this.#log.capabilities.atomicBatch) {
      throw new RPCError('NOT_IMPLEMENTED', {
        message: 'This log cannot append several events at once: publish them one by one',
      })
    }
    return this.#append(channel, events, options)
  }

  /**
   * The events of a channel as an iterator. Which ones is fixed by this call, not by the first `next()`.
   *
   * Events carry their ids (`getEventMeta`) and are shared by all subscribers: plain ones are frozen.
   *
   * @throws {RPCError} from the iterator: `EVENT_GAP` when events after `lastEventId` can no longer be served;
   *   `EVENT_UNREADABLE` when a record does not decode or no longer fits the channel's schema.
   */
  subscribe<Channel extends keyof Events & string>(
    channel: Channel,
    options?: SubscribeOptions | undefined,
  ): Subscription<Events[Channel]>
  /** Calls `listener` with every event until you call what you got back. */
  subscribe<Channel extends keyof Events & string>(
    channel: Channel,
    listener: (event: Events[Channel]) => unknown,
    options?: ListenOptions | undefined,
  ): () => void
  /**
   * The events of up to 8 channels in one iterator, as `{ channel, event }`. Each channel is whole and in its order. An
   * id is a place in all of them: resume with the same channels.
   */
  subscribe<const Channel extends keyof Events & string>(
    channels: readonly Channel[],
    options?: ChannelsSubscribeOptions | undefined,
  ): ChannelsSubscription<ChannelEvent<Events, Channel>>
  subscribe(
    target: string | readonly string[],
    listenerOrOptions: ((event: any) => unknown) | SubscribeOptions | ChannelsSubscribeOptions = {},
    listenOptions: ListenOptions = {},
  ): Subscription<unknown> | ChannelsSubscription<unknown> | (() => void) {
    this.#assertOpen()
    if (typeof target !== 'string') return this.#subscribeAll(target, listenerOrOptions as ChannelsSubscribeOptions)
    if (typeof listenerOrOptions !== 'function') return this.#subscribe(target, listenerOrOptions as SubscribeOptions)
    const { onError = this.#onError, signal } = listenOptions
    return listen(this.#subscribe(target, listenOptions), listenerOrOptions, {
      signal,
      onError: (error) => callSafely(onError, error),
    })
  }

  /** The id behind the newest event of a channel: what is still to come is after it. */
  async head(channel: keyof Events & string): Promise<string> {
    const [range] = await this.ranges([channel])
    if (range === undefined) throw new Error(`The log gave no head for the channel ${channel}`)
    return range.head
  }

  /** Where channels begin and end: one question to the log for all of them. */
  async ranges(channels: readonly (keyof Events & string)[]): Promise<ChannelRange[]> {
    this.#assertOpen()
    if (channels.length === 0) return []
    const asking = this.#log.heads(channels)
    const heads = await withTimeout(asking, { milliseconds: this.#timeout, subject: 'The log' })
    return channels.flatMap((channel, index): ChannelRange[] => {
      const head = heads[index]
      if (head === undefined) return []
      const { position, trimmed } = head
      const oldest = trimmed === position.offset ? position : { ...position, offset: trimmed, tag: NO_TAG }
      return [{ channel, oldest: formatId(oldest), head: formatId(position) }]
    })
  }

  /** Looks for new events of a channel now, or of all: after the commit of a transaction that appended them, say. */
  wake(channel?: keyof Events & string): void {
    this.#readers.wake(channel)
  }

  /** What this publisher has done so far, and how it stands: plain numbers, cheap enough to be asked for every second. */
  stats(): PublisherStats {
    return this.#measures.snapshot(this.#readers.now())
  }

  /** Tells somebody else, too, what is worth telling, as the option `observe` does. Returns what ends that. */
  observe(observer: (observation: PublisherObservation) => void): () => void {
    return this.#measures.addObserver((observation) => callSafely(observer, observation))
  }

  /** The channels that this process reads now. */
  channels(): ChannelStats[] {
    return this.#readers.channels()
  }

  /** Ends all subscriptions with `SERVICE_UNAVAILABLE` and lets go of the log, which stays open: it is the caller's. */
  async close(): Promise<void> {
    this.#closing.abort()
    await this.#readers.close()
  }

  #subscribe(channel: string, options: SubscribeOptions): Subscription<unknown> {
    return new Subscription((follower) => this.#readers.lease(channel, follower), options)
  }

  #subscribeAll(
    channels: readonly string[],
    { resume = true, onGap, notBefore = {}, ...options }: ChannelsSubscribeOptions,
  ): ChannelsSubscription<unknown> {
    if (new Set(channels).size < channels.length) throw new TypeError('A channel is named twice')
    if (resume && channels.length > MAX_CHANNELS) {
      throw new TypeError(
        `${channels.length} channels are too many for one id: subscribe to at most ${MAX_CHANNELS}, or with \`resume: false\``,
      )
    }
    // Before any of them is subscribed to.
    for (const id of Object.values(notBefore)) if (id !== undefined) new ReplayLimit(id)
    const ids = resume ? new VectorIds(channels) : undefined
    const { lastEventId, from = 'now' } = options
    const begin = lastEventId ?? (from === 'start' || from === 'now' ? undefined : from)
    const places = begin === undefined ? [] : (ids?.parse(begin) ?? [])
    // An id for other channels is a place in none of these: each of them has a gap there.
    const isForeign = ids !== undefined && begin !== undefined && places.length === 0
    const parts = channels.map((channel, index) => ({
      channel,
      begin: places[index],
      subscribe: (gapOf: (gap: EventGapData) => EventGapData) =>
        this.#subscribe(channel, {
          ...options,
          lastEventId: isForeign ? begin : places[index],
          notBefore: Object.hasOwn(notBefore, channel) ? notBefore[channel] : undefined,
          onGap: typeof onGap === 'function' ? (gap) => onGap(gapOf(gap)) : onGap,
        }),
    }))
    return new ChannelsSubscription(parts, ids, isForeign ? begin : undefined)
  }

  /** Encodes at once, and rejects with what that throws. */
  #append(
    channel: string,
    events: readonly unknown[],
    { idempotencyKey, transaction }: PublishOptions<Transaction>,
  ): Promise<PublishResult> {
    try {
      this.#assertOpen()
      const format = this.#formatOf(channel)
      const records = events.map((event) => ({ data: format.encode(event) }))
      if (transaction === undefined) return this.#queue.append(channel, records, idempotencyKey)
      return this.#appendIn(transaction, channel, records, idempotencyKey)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  async #appendIn(
    transaction: Transaction,
    channel: string,
    records: readonly NewRecord[],
    idempotencyKey: string | undefined,
  ): Promise<PublishResult> {
    if (!this.#log.capabilities.transaction) {
      throw new RPCError('NOT_IMPLEMENTED', { message: "This log cannot append inside the caller's transaction" })
    }
    // Queued, it could wait for an append that waits for this transaction to end. What is not committed is fed to nobody.
    await this.#subscribersStarted(channel)
    const retention = this.#retentionOf(channel)
    const { last, duplicate } = await this.#log.append(channel, records, { retention, idempotencyKey, transaction })
    this.#measures[duplicate ? 'duplicates' : 'published'] += records.length
    return { id: formatId(last), duplicate }
  }

  /**
   * Subscribers that begin just now may need what the open transaction holds, the last connection of a pool or the
   * lock of a file. So it must not wait for them for ever.
   */
  async #subscribersStarted(channel: string): Promise<void> {
    const started = this.#readers.started(channel)?.catch(() => {})
    if (started === undefined) return
    const subject = 'The log, asked where new subscribers begin while your transaction was open,'
    await withTimeout(started, { milliseconds: Math.min(this.#timeout, START_WAIT), subject })
  }

  #formatOf(channel: string): EventFormat {
    return new EventFormat(channel, this.#serializer, this.#channels.optionsOf(channel).schema)
  }

  #retentionOf(channel: string): Retention {
    return this.#channels.optionsOf(channel).retention ?? this.#retention
  }

  #assertOpen(): void {
    if (this.#closing.signal.aborted) throw new RPCError('SERVICE_UNAVAILABLE', { message: 'The publisher was closed' })
  }
}

/** What a callback throws must not harm who calls it. */
function callSafely<Argument>(callback: (argument: Argument) => unknown, error: Argument): void {
  try {
    const result = callback(error)
    if (result instanceof Promise) result.catch(console.error)
  } catch (thrown) {
    console.error(thrown)
  }
}
