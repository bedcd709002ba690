import { onAbort, sleep } from '../core/abort.ts'
import { backoffDelay } from '../core/backoff.ts'
import { RPCError } from '../core/error.ts'
import type { ConnectionState } from '../event/connection-state.ts'
import { type EventGapData, isEventGap } from '../event/event-gap.ts'
import { getEventMeta } from '../event/event-meta.ts'
import { leaveStream } from '../event/leave-stream.ts'
import { onPageWake } from '../event/page-wake.ts'
import { EventBuffer } from './event-buffer.ts'
import { type OpenedStream, placeBehind } from './stream-place.ts'
import { TaskSlices } from './task-slices.ts'

/** What a stream is opened with: hand it on to the call. */
export interface StreamOptions {
  readonly signal: AbortSignal
  /** The stream goes on after this event. */
  readonly lastEventId: string | undefined
  readonly onConnectionState: (state: ConnectionState) => void
  /** The server goes on over a gap. */
  readonly onGap: (gap: EventGapData) => void
}

export type OpenStream<Event> = (options: StreamOptions) => OpenedStream<Event> | PromiseLike<OpenedStream<Event>>

/** `idle`: not wanted, or on a server. `waiting`: cut, and tried again soon. `done` and `error`: it has ended. */
export type StreamStatus = 'idle' | 'connecting' | 'open' | 'waiting' | 'done' | 'error'

/** One of those who show a stream. */
export interface LiveReader<Event> {
  onEvent(event: Event): void
  /** There is something new: told at most once per frame, however many events have come. */
  onChange(): void
  /** Events are missing before the next one. */
  onGap(gap: EventGapData): void
  /** The stream has failed for good. */
  onFailure(error: unknown): void
  /** All that was is void: the stream begins again. */
  onRestart(): void
}

/** How often readers are told of new events, in ms: no screen shows more. */
const FRAME = 16

/** What passes by itself. An interrupted stream is not among them: to open it again may repeat events. */
const PASSING = new Set([408, 425, 429, 502, 503, 504])

/** One subscription for all who show the same stream. It is open while it has readers, and goes on where it was left. */
export class LiveStream<Event> {
  readonly buffer: EventBuffer<Event> = new EventBuffer()
  readonly startId: string | undefined
  /** How it is opened next: a function of the newest render. */
  open: OpenStream<Event>
  status: StreamStatus = 'idle'
  error: unknown
  readonly #readers = new Set<LiveReader<Event>>()
  readonly #onAbandoned: (canResume: boolean) => void
  #run: { readonly controller: AbortController; stream?: OpenedStream<Event> } | undefined
  #lastEventId: string | undefined
  #hasDelivered = false
  /** Sequence number of the first event since the stream began. */
  #begin = 0
  #flushedAt = 0
  #timer: ReturnType<typeof setTimeout> | undefined

  /** @param onAbandoned is told when nobody shows the stream any more, and whether it can go on later. */
  constructor(open: OpenStream<Event>, startId: string | undefined, onAbandoned: (canResume: boolean) => void) {
    this.open = open
    this.startId = startId
    this.#lastEventId = startId
    this.#onAbandoned = onAbandoned
  }

  get readers(): number {
    return this.#readers.size
  }

  /** Whether nothing would be lost or repeated if it were opened again. */
  get canResume(): boolean {
    return this.#lastEventId !== undefined && this.status !== 'done' && !isEventGap(this.error)
  }

  /**
   * Where a new reader begins who would begin after an event, or at the stream's own beginning; `undefined` when this
   * stream cannot serve it.
   *
   * @param whole whether it needs every event since then, and not only the newest ones.
   */
  sequenceAfter(id: string | undefined, whole: boolean): number | undefined {
    const isWhole = this.buffer.first === this.#begin
    if (id === this.startId && (isWhole || (id === undefined && !whole))) return this.buffer.first
    if (id === undefined) return undefined
    if (id === this.#lastEventId) return this.buffer.next
    const kept = this.buffer.slice(this.buffer.first, Number.POSITIVE_INFINITY)
    const index = kept.findLastIndex((event) => getEventMeta(event)?.id === id)
    return index === -1 ? undefined : this.buffer.first + index + 1
  }

  add(reader: LiveReader<Event>): void {
    this.#readers.add(reader)
    if (this.status === 'idle') this.#start()
  }

  /** Whoever leaves and comes back in one go, as a page that renders twice, does not cut the stream. */
  delete(reader: LiveReader<Event>): void {
    this.#readers.delete(reader)
    queueMicrotask(() => {
      if (this.#readers.size > 0 || this.#run === undefined) return
      this.#stop()
      const { canResume } = this
      this.status = 'idle'
      this.error = undefined
      this.#onAbandoned(canResume)
    })
  }

  /** After a failure it goes on where it can, else it begins again. */
  restart(): void {
    const goesOn = this.status === 'error' && this.canResume
    this.#stop()
    if (!goesOn) {
      this.buffer.clear()
      this.#begin = this.buffer.next
      this.#lastEventId = this.startId
      this.#hasDelivered = false
      for (const reader of this.#readers) reader.onRestart()
    }
    this.#start()
  }

  #start(): void {
    const controller = new AbortController()
    this.#run = { controller }
    this.#change('connecting')
    void this.#keepOpen(controller.signal)
  }

  #stop(): void {
    // A place that was announced without an event is known to the stream alone.
    this.#lastEventId = this.#run?.stream?.lastEventId ?? this.#lastEventId
    this.#run?.controller.abort()
    this.#run = undefined
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  async #keepOpen(signal: AbortSignal): Promise<void> {
    for (let retry = 1; ; retry++) {
      const deliveredBefore = this.buffer.next
      try {
        await this.#follow(signal)
        if (!signal.aborted) this.#change('done')
        return
      } catch (error) {
        if (signal.aborted) return
        if (!this.#mayPass(error)) return this.#fail(error)
      }
      if (this.buffer.next > deliveredBefore) retry = 1
      this.#change('waiting')
      await wait(retry, signal)
      if (signal.aborted) return
      this.#change('connecting')
    }
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const stream = await this.open({
      signal,
      lastEventId: this.#lastEventId,
      onConnectionState: ({ status }) => {
        if (!signal.aborted && status !== 'closed' && status !== this.status) this.#change(status)
      },
      onGap: (gap) => {
        if (signal.aborted) return
        for (const reader of [...this.#readers]) reader.onGap(gap)
      },
    })
    const release = onAbort(signal, () => leaveStream(stream))
    if (signal.aborted) return
    if (this.#run !== undefined) this.#run.stream = stream
    if (this.status === 'connecting') this.#change('open')
    const slices = new TaskSlices()
    try {
      for (;;) {
        const { done, value } = await slices.next(stream)
        if (signal.aborted || done) return
        this.#deliver(value, placeBehind(stream, value))
      }
    } finally {
      release()
    }
  }

  #deliver(event: Event, place: string | undefined): void {
    this.#lastEventId = place ?? this.#lastEventId
    this.#hasDelivered = true
    this.buffer.push(event)
    for (const reader of this.#readers) reader.onEvent(event)
    if (this.#timer !== undefined || this.#run === undefined) return
    const delay = this.#flushedAt + FRAME - performance.now()
    this.#timer = setTimeout(() => this.#flush(), Math.max(0, delay))
  }

  #change(status: StreamStatus, error?: unknown): void {
    this.status = status
    this.error = error
    this.#flush()
  }

  #fail(error: unknown): void {
    this.#change('error', error)
    for (const reader of [...this.#readers]) reader.onFailure(error)
  }

  #flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#flushedAt = performance.now()
    for (const reader of [...this.#readers]) reader.onChange()
  }

  #mayPass(error: unknown): boolean {
    if (!(error instanceof RPCError) || error.code === 'STREAM_INTERRUPTED') return false
    return PASSING.has(error.status) && (!this.#hasDelivered || this.canResume)
  }
}

/** Ends early when the page wakes up or the signal aborts. */
async function wait(retry: number, signal: AbortSignal): Promise<void> {
  const end = new AbortController()
  const releases = [onPageWake(() => end.abort()), onAbort(signal, () => end.abort())]
  await sleep(backoffDelay(retry), end.signal).catch(() => {})
  for (const release of releases) release()
}
