import { onAbort } from '../core/abort.ts'
import { eventGap } from './event-gap-error.ts'
import { ReadyIterator } from './ready-iterator.ts'
import { Cursor, Tail } from './tail.ts'

export interface EventPublisherOptions {
  /** Events that a subscriber may lag behind before it fails with `EVENT_GAP`. Default 1,000. */
  readonly maxBufferedEvents?: number | undefined
  /** Gets what listeners throw; the publisher and the other listeners never do. Default: `console.error`. */
  readonly onError?: ((error: unknown) => void) | undefined
}

interface Channel<Payload> {
  readonly tail: Tail<Payload>
  readonly listeners: Set<(payload: Payload) => unknown>
  readonly cursors: Set<Cursor<Payload>>
}

/** After so many publishes the ring is checked for events that every subscriber has read. */
const SWEEP_INTERVAL = 64

/**
 * Publish and subscribe within this process, synchronously and without a log.
 *
 * An iterator gets every event published after the call of `subscribe`, in order. Nothing is kept for later: what must
 * survive a reconnect or reach other processes belongs in a `Publisher` (`headwater/publisher`).
 *
 * @example
 * const posts = new EventPublisher<{ created: Post }>()
 * posts.publish('created', post)
 * for await (const post of posts.subscribe('created', { signal })) show(post)
 */
export class EventPublisher<Events extends Record<PropertyKey, any> = Record<PropertyKey, any>> {
  readonly #channels = new Map<PropertyKey, Channel<any>>()
  readonly #maxBufferedEvents: number
  readonly #onError: (error: unknown) => void

  constructor({ maxBufferedEvents = 1000, onError = console.error }: EventPublisherOptions = {}) {
    if (!(maxBufferedEvents >= 1)) {
      throw new RangeError(`maxBufferedEvents must be at least 1, got ${maxBufferedEvents}`)
    }
    this.#maxBufferedEvents = maxBufferedEvents
    this.#onError = onError
  }

  /** Hands the payload to every iterator and calls the listeners, in the order in which they came. */
  publish<Name extends keyof Events>(name: Name, payload: Events[Name]): void {
    const channel = this.#channels.get(name)
    if (channel === undefined) return
    // Before the listeners: what one of them publishes comes after this, for iterators too.
    if (channel.cursors.size > 0) {
      channel.tail.push(payload)
      if (channel.tail.next % SWEEP_INTERVAL === 0) dropRead(channel)
      channel.tail.wake()
    }
    for (const listener of [...channel.listeners]) {
      // One of them may have taken another off.
      if (channel.listeners.has(listener)) this.#call(listener, payload)
    }
  }

  /** Calls `listener` with every payload until you call what you got back. */
  subscribe<Name extends keyof Events>(name: Name, listener: (payload: Events[Name]) => unknown): () => void
  /**
   * The payloads as an iterator, from this call on.
   *
   * @throws `signal.reason`, from a pending or the next `next()`, once the signal has aborted.
   * @throws {RPCError} `EVENT_GAP` with reason `'overflow'`, for this subscriber alone, when it lags too far behind.
   */
  subscribe<Name extends keyof Events>(
    name: Name,
    options?: { readonly signal?: AbortSignal | undefined },
  ): AsyncGenerator<Events[Name], void, void>
  subscribe<Name extends keyof Events>(
    name: Name,
    listenerOrOptions: ((payload: Events[Name]) => unknown) | { readonly signal?: AbortSignal | undefined } = {},
  ): (() => void) | AsyncGenerator<Events[Name], void, void> {
    const channel = this.#channel<Events[Name]>(name)
    if (typeof listenerOrOptions !== 'function') {
      return new TailIterator(channel, listenerOrOptions.signal, () => this.#dropIfUnused(name, channel))
    }
    // A wrapper, so that the same function may subscribe twice.
    const listener = (payload: Events[Name]): unknown => listenerOrOptions(payload)
    channel.listeners.add(listener)
    return () => {
      channel.listeners.delete(listener)
      this.#dropIfUnused(name, channel)
    }
  }

  /** How many listeners and iterators a name has, or all names together. */
  subscriberCount(name?: keyof Events): number {
    if (name === undefined) return [...this.#channels.keys()].reduce<number>((sum, key) => sum + this.#count(key), 0)
    return this.#count(name)
  }

  #call<Payload>(listener: (payload: Payload) => unknown, payload: Payload): void {
    try {
      const result = listener(payload)
      if (result instanceof Promise) result.catch(this.#onError)
    } catch (error) {
      this.#onError(error)
    }
  }

  #count(name: PropertyKey): number {
    const channel = this.#channels.get(name)
    return channel === undefined ? 0 : channel.listeners.size + channel.cursors.size
  }

  #channel<Payload>(name: PropertyKey): Channel<Payload> {
    let channel = this.#channels.get(name)
    if (channel === undefined) {
      channel = { tail: new Tail({ entries: this.#maxBufferedEvents }), listeners: new Set(), cursors: new Set() }
      this.#channels.set(name, channel)
    }
    return channel
  }

  #dropIfUnused(name: PropertyKey, channel: Channel<any>): void {
    if (channel.listeners.size + channel.cursors.size > 0) return
    if (this.#channels.get(name) === channel) this.#channels.delete(name)
  }
}

/** Forgets the events that every subscriber has read. */
function dropRead({ tail, cursors }: Channel<any>): void {
  let oldest = tail.next
  for (const cursor of cursors) oldest = Math.min(oldest, cursor.sequence)
  tail.dropBefore(oldest)
}

class TailIterator<Payload> extends ReadyIterator<Payload> {
  readonly #cursor: Cursor<Payload>
  readonly #signal: AbortSignal | undefined
  readonly #leave: () => void
  readonly #offAbort: () => void

  constructor(channel: Channel<Payload>, signal: AbortSignal | undefined, onLeave: () => void) {
    super()
    this.#cursor = new Cursor(channel.tail)
    this.#signal = signal
    this.#leave = () => {
      if (!channel.cursors.delete(this.#cursor)) return
      dropRead(channel)
      onLeave()
    }
    channel.cursors.add(this.#cursor)
    this.#offAbort = onAbort(signal, () => {
      // Left now, not at the next call of next(), which may never come.
      this.#leave()
      this.#cursor.wake()
    })
  }

  '~take'(): IteratorResult<Payload, void> | undefined {
    this.#signal?.throwIfAborted()
    if (this.#cursor.lost) throw eventGap({ reason: 'overflow' })
    return this.#cursor.hasNext ? { done: false, value: this.#cursor.take() } : undefined
  }

  '~onReady'(listener: () => void): void {
    this.#cursor.onChange(listener)
  }

  protected release(): void {
    this.#offAbort()
    this.#cursor.close()
    this.#leave()
  }
}
