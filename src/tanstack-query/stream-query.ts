import type { Query, QueryClient, QueryFunctionContext } from '@tanstack/query-core'
import { onAbort } from '../core/abort.ts'
import { RPCError } from '../core/error.ts'
import { isEventGap } from '../event/event-gap.ts'
import { leaveStream } from '../event/leave-stream.ts'
import { type OpenedStream, placeBehind, placeOf } from '../live/stream-place.ts'
import { TaskSlices } from '../live/task-slices.ts'

/** How the data of a stream is fetched. */
export interface StreamQueryOptions {
  /**
   * What a refetch does. By default the stream goes on after its last event; where that cannot be, the first event of
   * the new run takes the place of the old ones. `'append'`: goes on, else adds the new run to the old one. `'reset'`:
   * begins again, pending. `'replace'`: begins again, and shows the new run when it has ended.
   */
  readonly refetchMode?: 'append' | 'reset' | 'replace' | undefined
  /** The most events that are kept, the newest ones. Default: all. */
  readonly maxChunks?: number | undefined
  /**
   * How long, in ms, a fetch may take that no component waits for, such as a prefetch: it then gives what there is, and
   * the first component goes on from there. Default 5,000; less for streams that can be resumed.
   */
  readonly prefetchTimeout?: number | undefined
}

export interface StreamQuery<Event, Data> {
  readonly open: (options: { signal: AbortSignal; lastEventId: string | undefined }) => PromiseLike<OpenedStream<Event>>
  /** The data with more events. */
  readonly add: (data: Data | undefined, events: readonly Event[]) => Data
  /** The data of a stream without events; `undefined` where there has to be one. */
  readonly empty: Data | undefined
  readonly options: StreamQueryOptions
}

/** What is known of a stream beside its data. It stands in the query's state: reset, hydrated and persisted with that. */
interface StreamState {
  readonly lastEventId?: string | undefined
  readonly isOver?: boolean | undefined
  /** Whether the place is behind data: it is void when those are gone. */
  readonly hasData?: boolean | undefined
}

/** How often the cache is written to, in ms: no screen shows more. */
const FRAME = 16
/** How long, in ms, a stream that can be resumed has to be silent for a fetch that nobody waits for to be enough. */
const QUIET = 200

/** The fetches under way: a retry has the signal of the first attempt. */
const fetches = new WeakMap<object, { readonly signal: AbortSignal; readonly before: unknown }>()

/** Whether a stream has ended: it is fresh from then on, until it is invalidated. */
export function isOver(query: { readonly state: object }): boolean {
  return streamStateOf(query)?.isOver === true
}

/** Fetches a stream into the cache, event by event, from where the cache has it. */
export async function fetchStream<Event, Data>(
  { client, queryKey, signal }: QueryFunctionContext,
  stream: StreamQuery<Event, Data>,
): Promise<Data> {
  const query = client.getQueryCache().find<Data>({ queryKey, exact: true }) as Query<Data>
  const isRetry = fetches.get(query)?.signal === signal
  const { before } = isRetry ? (fetches.get(query) as { before: Data | undefined }) : { before: query.state.data }
  fetches.set(query, { signal, before })
  const fetch = new StreamFetch({ client, query, stream, signal, before: before as Data | undefined, isRetry })
  return fetch.run()
}

interface FetchScope<Event, Data> {
  readonly client: QueryClient
  readonly query: Query<Data>
  readonly stream: StreamQuery<Event, Data>
  readonly signal: AbortSignal
  /** The data before the first attempt. */
  readonly before: Data | undefined
  readonly isRetry: boolean
}

class StreamFetch<Event, Data> {
  readonly #scope: FetchScope<Event, Data>
  readonly #leaving = new AbortController()
  readonly #startedAt = performance.now()
  #heardAt = performance.now()
  #opened: OpenedStream<Event> | undefined
  #lastEventId: string | undefined
  #events: Event[] = []
  /** The data to go on from, until it is in the cache. */
  #base: { readonly data: Data | undefined } | undefined
  #hasEvents = false
  #flushTimer: ReturnType<typeof setTimeout> | undefined
  #watchTimer: ReturnType<typeof setTimeout> | undefined

  constructor(scope: FetchScope<Event, Data>) {
    this.#scope = scope
  }

  async run(): Promise<Data> {
    const { signal, query, stream } = this.#scope
    this.#begin()
    const release = onAbort(signal, () => this.#abandon())
    this.#watchTimer = setTimeout(() => this.#watch(), FRAME)
    try {
      // Who renders twice, as strict mode does, has changed its mind by then.
      await undefined
      signal.throwIfAborted()
      const isOver = await this.#read()
      signal.throwIfAborted()
      this.#flush()
      this.#lastEventId = this.#opened?.lastEventId ?? this.#lastEventId
      this.#remember({ lastEventId: this.#lastEventId, isOver })
      const data = this.#base?.data ?? query.state.data ?? stream.empty
      if (data !== undefined) return data
      throw new RPCError('TIMEOUT', {
        message: isOver ? 'The stream has ended without an event' : 'No event has come yet',
      })
    } catch (error) {
      signal.throwIfAborted()
      this.#flush()
      // The next attempt begins anew: this place does not exist any more.
      if (isEventGap(error)) this.#remember({})
      throw error
    } finally {
      release()
      clearTimeout(this.#flushTimer)
      clearTimeout(this.#watchTimer)
      this.#leave()
    }
  }

  /** Decides from where the stream is read, and what its events are added to. */
  #begin(): void {
    const { query, before, isRetry, stream } = this.#scope
    const { refetchMode } = stream.options
    const { lastEventId, isOver, hasData = false } = streamStateOf(query) ?? {}
    const isVoid = hasData && query.state.data === undefined
    const goesOn = isRetry || refetchMode === 'append' || (refetchMode === undefined && !isOver)
    if (goesOn && !isVoid && lastEventId !== undefined) {
      this.#lastEventId = lastEventId
      if (refetchMode === 'replace') this.#base = { data: query.state.data }
      return
    }
    if (refetchMode === 'reset' && query.isFetched()) query.setState({ ...query.resetState, fetchStatus: 'fetching' })
    this.#remember({})
    this.#base = { data: refetchMode === 'append' ? before : undefined }
  }

  /** Whether it has come to its end. */
  async #read(): Promise<boolean> {
    const { stream } = this.#scope
    const { signal } = this.#leaving
    const opening = Promise.resolve(stream.open({ signal, lastEventId: this.#lastEventId }))
    opening.then(
      (opened) => signal.aborted && leaveStream(opened),
      () => {},
    )
    const opened = await Promise.race([opening, aborted(signal)])
    if (opened === undefined) return false
    this.#opened = opened
    const slices = new TaskSlices()
    for (;;) {
      const { done, value } = await slices.next(opened)
      if (signal.aborted) return false
      if (done) return true
      this.#take(value, placeBehind(opened, value))
    }
  }

  #take(event: Event, place: string | undefined): void {
    this.#events.push(event)
    this.#lastEventId = place ?? this.#lastEventId
    this.#heardAt = performance.now()
    this.#hasEvents = true
    this.#flushTimer ??= setTimeout(() => this.#flush(), FRAME)
  }

  /** The place goes first: what a cancelled fetch is put back to is the state after the data was written. */
  #flush(): void {
    clearTimeout(this.#flushTimer)
    this.#flushTimer = undefined
    const { client, query, stream } = this.#scope
    const events = this.#events.splice(0)
    if (events.length === 0) return
    if (stream.options.refetchMode === 'replace' && this.#base !== undefined && this.#scope.before !== undefined) {
      this.#base = { data: stream.add(this.#base.data, events) }
      return
    }
    const base = this.#base
    this.#base = undefined
    this.#remember({ lastEventId: this.#lastEventId, hasData: true })
    client.setQueryData<Data>(query.queryKey, (data) => stream.add(base === undefined ? data : base.data, events))
  }

  #remember(state: StreamState): void {
    const { query } = this.#scope
    query.setState({ stream: { hasData: query.state.data !== undefined, ...state } } as object)
  }

  /** The last component has gone. What was announced without an event is worth remembering. */
  #abandon(): void {
    const place = this.#opened?.lastEventId
    const isWhole =
      this.#events.length === 0 && (this.#base === undefined || this.#scope.query.state.data === undefined)
    if (place !== undefined && isWhole) this.#remember({ lastEventId: place })
    this.#leave()
  }

  /** While nobody shows the data, what there is has to be enough at some time. Once somebody does, leaving cancels. */
  #watch(): void {
    const { query, stream } = this.#scope
    if (query.getObserversCount() > 0) return
    const { prefetchTimeout = 5000 } = stream.options
    const now = performance.now()
    if (
      now - this.#startedAt >= prefetchTimeout ||
      (prefetchTimeout < Number.POSITIVE_INFINITY && this.#isEnough(now))
    ) {
      this.#leave()
    } else this.#watchTimer = setTimeout(() => this.#watch(), FRAME)
  }

  #isEnough(now: number): boolean {
    if (this.#opened === undefined) return false
    if (this.#scope.stream.empty === undefined) return this.#hasEvents
    // What was announced without an event is a place, too.
    this.#lastEventId ??= placeOf(this.#opened)
    return this.#lastEventId !== undefined && now - this.#heardAt >= QUIET
  }

  #leave(): void {
    if (this.#leaving.signal.aborted) return
    this.#leaving.abort(this.#scope.signal.reason)
    if (this.#opened !== undefined) leaveStream(this.#opened)
  }
}

function streamStateOf({ state }: { readonly state: object }): StreamState | undefined {
  return (state as { readonly stream?: StreamState }).stream
}

function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => onAbort(signal, () => resolve(undefined)))
}
