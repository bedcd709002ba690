import { type EventGapData, isEventGap } from '../event/event-gap.ts'
import type { LiveReader, LiveStream, OpenStream, StreamStatus } from './live-stream.ts'
import { findStream, isKept } from './live-streams.ts'

/** What was known before the stream: a snapshot, and the id of the last event that is in it. */
export interface Snapshot<Data> {
  readonly data: Data
  readonly lastEventId?: string | undefined
}

export interface LiveOptions<Event, Data> {
  /** Whether the stream is followed. Default `true`. */
  readonly enabled?: boolean | undefined
  readonly onEvent?: ((event: Event) => void) | undefined
  /** The stream has failed for good: cuts and servers that are away for a while are no errors. */
  readonly onError?: ((error: Error) => void) | undefined
  /**
   * Events are missing that the server no longer has. What was shown is cleared, and the stream goes on behind the gap,
   * or from the snapshot that this returns. Without it a gap is an error, unless the server itself goes on over it.
   */
  readonly onReset?: ((gap: EventGapData) => Snapshot<Data> | void | PromiseLike<Snapshot<Data> | void>) | undefined
  /** The most events that are kept, the newest ones. Default 1,000. */
  readonly maxEvents?: number | undefined
  /** Makes `data` out of the events, one by one. */
  readonly reduce?: ((data: Data, event: Event) => Data) | undefined
  /** Where `data` begins, and after which event the stream does. */
  readonly initial?: Snapshot<Data> | undefined
  /** How long, in ms, events are kept that nobody shows, for who comes back to go on there. Default 300,000. */
  readonly gcTime?: number | undefined
  /**
   * Whether all tabs of this browser share the stream: one of them holds the connection and hands the events on, and
   * when it is closed another one goes on. All have to be of the same user. A name, where tabs have several clients with
   * procedures at the same path. Default `false`.
   */
  readonly tabs?: boolean | string | undefined
}

export interface LiveState<Event, Data> {
  /** The newest events, the last one last. */
  readonly events: readonly Event[]
  /** What `reduce` has made of the events; without it the newest event. */
  readonly data: Data | undefined
  readonly status: StreamStatus
  readonly error: Error | undefined
}

/** One place where a stream is shown: a store for any UI library. It opens nothing before `connect()`. */
export class LiveView<Event, Data> {
  readonly #key: string
  readonly #listeners = new Set<() => void>()
  readonly #reader: LiveReader<Event>
  /** What is shown before anything has been opened, and by a server. The same object each time. */
  readonly initialState: LiveState<Event, Data>
  #open: OpenStream<Event>
  #options: LiveOptions<Event, Data>
  #stream: LiveStream<Event> | undefined
  #isConnected = false
  /** Sequence numbers of the first event that is shown, and of the next one that has not been seen. */
  #first = 0
  #next = 0
  #data: Data | undefined
  /** What `reduce` or `onReset` has thrown: this view is over, the stream is not. */
  #failure: { readonly error: unknown } | undefined
  /** What `onReset` is asked for; meanwhile the stream goes on by itself, or waits for the answer. */
  #reset: { readonly goesOn: boolean } | undefined
  #state: LiveState<Event, Data> | undefined

  constructor(key: string, open: OpenStream<Event>, options: LiveOptions<Event, Data>) {
    this.#key = key
    this.#open = open
    this.#options = options
    this.#data = options.initial?.data
    const status = options.enabled === false ? 'idle' : 'connecting'
    this.initialState = { events: [], data: this.#data, status, error: undefined }
    this.#state = this.initialState
    this.#reader = {
      onEvent: (event) => this.#take(event),
      onChange: () => this.#changed(),
      onGap: (gap) => {
        if (this.#options.onReset !== undefined) void this.#beginAgain(gap, true)
      },
      onFailure: (error) => this.#hear(error),
      onRestart: () => this.#begin(this.#options.initial?.data),
    }
  }

  // Bound, so that they can be handed to a UI library as they are.
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  readonly getState = (): LiveState<Event, Data> => {
    this.#state ??= this.#createState()
    return this.#state
  }

  /** Takes the newest functions; a stream that is open stays so. */
  update(open: OpenStream<Event>, options: LiveOptions<Event, Data>): void {
    this.#open = open
    this.#options = options
    this.#adjust()
  }

  /** Follows the stream until what this returns is called. */
  connect(): () => void {
    this.#isConnected = true
    if (this.#failure === undefined) this.#join()
    this.#changed()
    return () => {
      this.#isConnected = false
      this.#reset = undefined
      this.#state = { ...this.getState(), status: 'idle' }
      this.#stream?.delete(this.#reader)
      for (const listener of [...this.#listeners]) listener()
    }
  }

  /** Forgets the events so far; the stream goes on. */
  readonly clear = (): void => {
    this.#begin(this.#options.initial?.data)
    this.#changed()
  }

  /** Opens the stream again: after a failure where it was left if that can be, else from its beginning. */
  readonly restart = (): void => {
    if (!this.#isConnected || this.#isWaiting) return
    const stream = this.#stream
    const isOther = stream?.startId !== this.#options.initial?.lastEventId
    if (stream === undefined || this.#failure !== undefined || (isOther && !stream.canResume)) this.#rejoin()
    else stream.restart()
    this.#changed()
  }

  /** Finds the stream, or comes back to the one it had. */
  #join(): void {
    const stream = this.#stream
    const isWhole = stream !== undefined && (stream.buffer.first <= this.#next || this.#options.reduce === undefined)
    if (stream === undefined || !isWhole || !isKept(this.#key, stream)) {
      this.#rejoin()
      return
    }
    for (const event of stream.buffer.slice(this.#next, Number.POSITIVE_INFINITY)) this.#fold(event)
    this.#follow(stream)
  }

  #rejoin({ data, lastEventId }: Partial<Snapshot<Data>> = this.#options.initial ?? {}): void {
    this.#stream?.delete(this.#reader)
    this.#failure = undefined
    const whole = this.#options.reduce !== undefined
    const stream: LiveStream<Event> = findStream(this.#key, {
      open: this.#open,
      lastEventId,
      whole,
      gcTime: () => this.#options.gcTime ?? 300_000,
    })
    this.#stream = stream
    this.#first = stream.sequenceAfter(lastEventId, whole) ?? stream.buffer.next
    this.#next = this.#first
    this.#data = data
    for (const event of stream.buffer.slice(this.#first, Number.POSITIVE_INFINITY)) this.#fold(event)
    if (this.#failure === undefined) this.#follow(stream)
  }

  #follow(stream: LiveStream<Event>): void {
    this.#adjust()
    stream.add(this.#reader)
  }

  #adjust(): void {
    if (this.#stream === undefined) return
    this.#stream.open = this.#open
    this.#stream.buffer.limit = Math.max(this.#stream.buffer.limit, this.#options.maxEvents ?? 1000)
  }

  #begin(data: Data | undefined): void {
    this.#first = this.#stream?.buffer.next ?? 0
    this.#next = this.#first
    this.#data = data
  }

  #take(event: Event): void {
    this.#fold(event)
    if (this.#failure === undefined) attempt(() => this.#options.onEvent?.(event))
  }

  #fold(event: Event): void {
    const { reduce } = this.#options
    this.#next++
    try {
      this.#data = reduce === undefined ? (event as unknown as Data) : reduce(this.#data as Data, event)
    } catch (error) {
      this.#fail(error)
    }
  }

  #hear(error: unknown): void {
    const { onReset, onError } = this.#options
    if (isEventGap(error) && onReset !== undefined) void this.#beginAgain(error.data, false)
    else attempt(() => onError?.(toError(error)))
  }

  #fail(error: unknown): void {
    this.#failure = { error }
    this.#stream?.delete(this.#reader)
    this.#changed()
    attempt(() => this.#options.onError?.(toError(error)))
  }

  /** @param goesOn whether the stream goes on behind the gap by itself. */
  async #beginAgain(gap: EventGapData, goesOn: boolean): Promise<void> {
    const reset = { goesOn }
    this.#reset = reset
    if (!goesOn) this.#stream?.delete(this.#reader)
    this.#begin(this.#options.initial?.data)
    this.#changed()
    try {
      const snapshot = await this.#options.onReset?.(gap)
      if (this.#reset !== reset) return
      this.#reset = undefined
      if (snapshot !== undefined) this.#rejoin(snapshot)
      else if (!goesOn) this.#rejoin({ ...this.#options.initial, lastEventId: gap.oldest })
      this.#changed()
    } catch (error) {
      if (this.#reset !== reset) return
      this.#reset = undefined
      this.#fail(error)
    }
  }

  /** Whether there is no stream until `onReset` has answered. */
  get #isWaiting(): boolean {
    return this.#reset?.goesOn === false
  }

  #changed(): void {
    this.#state = undefined
    for (const listener of [...this.#listeners]) listener()
  }

  #createState(): LiveState<Event, Data> {
    const { enabled, maxEvents = 1000 } = this.#options
    const stream = this.#stream
    const events = stream?.buffer.slice(this.#first, maxEvents) ?? []
    const shown = { events, data: this.#data }
    if (this.#failure !== undefined) return { ...shown, status: 'error', error: toError(this.#failure.error) }
    if (!this.#isConnected || this.#isWaiting || stream === undefined) {
      return { ...shown, status: enabled === false ? 'idle' : 'connecting', error: undefined }
    }
    return { ...shown, status: stream.status, error: stream.status === 'error' ? toError(stream.error) : undefined }
  }
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error), { cause: error })
}

/** What a callback throws is its own affair, as it is with listeners of the page. */
function attempt(callback: () => void): void {
  try {
    callback()
  } catch (error) {
    queueMicrotask(() => {
      throw error
    })
  }
}
