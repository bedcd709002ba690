import { toRPCError } from '../core/error.ts'
import { eventGap } from '../event/event-gap-error.ts'
import type { EventSource } from '../event/event-iterator.ts'
import { type EventMeta, getEventMeta } from '../event/event-meta.ts'
import { HibernationEventIterator } from '../event/hibernation-event-iterator.ts'
import { leaveStream } from '../event/leave-stream.ts'
import type { ReadySource } from '../event/ready-source.ts'
import type { Drain } from './drain.ts'
import type { OpenStream } from './open-work.ts'

/** Where a stream's frames are written, in the form of its protocol. `data` is a message, formatted already. */
export interface EventSink {
  open(): void
  event(data: string, meta: EventMeta | undefined): void
  /** Everything up to this id has been written. */
  position(id: string): void
  /** The stream goes on over a gap, after this id. `false` where the other side could not be told. */
  gap(data: string, after: string | undefined): boolean
  done(data: string): void
  error(data: string): void
  /** A sign of life. */
  beat(): void
  /** Bytes that wait for the other side, as far as that is known. */
  readonly buffered: number
  /** Whether the other side is behind: the stream then waits for `drained()` and pulls nothing. */
  readonly full: boolean
  /** Resolves when there is room again, or nobody left to write for. */
  drained(): Promise<void>
}

export interface EventStreamBodyOptions {
  /** Ends the stream: the other side has left. */
  readonly signal: AbortSignal
  /** Longest silence on the wire, in ms. */
  readonly heartbeat: number
  /** Makes text of values. What it throws for one that cannot be encoded fails the stream. */
  readonly codec: { formatEvent(value: unknown): string }
  /** Cuts the stream, for the other side to resume it elsewhere. */
  readonly drain?: Drain | undefined
  /** Is told when the stream begins to be written, and by what it gives back when it no longer is. */
  readonly onOpen?: ((stream: OpenStream) => () => void) | undefined
}

type Result = IteratorResult<unknown, unknown>

/**
 * A stream of events on its way out.
 *
 * The other side's leaving ends it at once: the source is told to return and never waited for. While there is nothing to
 * write it is a listener of its source and no more: most streams wait most of the time.
 */
export class EventStreamBody implements OpenStream {
  readonly #source: EventSource
  readonly #options: EventStreamBodyOptions
  /** The last id on the wire: a position is written only when it has moved on from there. */
  #writtenId: string | undefined
  /** Everything that the source has handed out is on the wire: only then does its position belong there. */
  #waiting = false
  #left = false
  #sink: EventSink | undefined
  #events = 0
  #timer: ReturnType<typeof setInterval> | undefined
  /** Called when it is not written any more. */
  #onEnd: (() => void) | undefined
  #onClosed: (() => void) | undefined

  constructor(source: EventSource, options: EventStreamBodyOptions) {
    this.#source = source
    this.#options = options
  }

  get events(): number {
    return this.#events
  }

  get position(): string | undefined {
    return this.#writtenId
  }

  get buffered(): number {
    return this.#sink?.buffered ?? 0
  }

  /** Tells the handler under which id its stream goes on without this process, if it is one of those. */
  get hibernate(): ((id: string) => void) | undefined {
    return this.#source instanceof HibernationEventIterator ? this.#source.onHibernate : undefined
  }

  /**
   * Writes the whole stream. Resolves when it has ended, was cut, or the other side has left; never rejects. Call it
   * once.
   */
  pipe(sink: EventSink): Promise<void> {
    const { signal, heartbeat, drain, onOpen } = this.#options
    if (signal.aborted || drain?.started) {
      this.leave()
      return Promise.resolve()
    }
    this.#sink = sink
    this.#onClosed = onOpen?.(this)
    this.#timer = setInterval(() => this.#beat(sink), heartbeat)
    signal.addEventListener('abort', this.leave)
    drain?.onStart(this.leave)
    return new Promise((resolve) => {
      this.#onEnd = resolve
      this.#start(sink)
    })
  }

  #start(sink: EventSink): void {
    sink.open()
    const position = this.#source['~position']
    if (position === undefined) this.#write()
    // Before the first event is asked for: its position belongs behind it.
    else void position.ready.then(() => this.#announceStart(sink))
  }

  #announceStart(sink: EventSink): void {
    try {
      this.#waiting = true
      this.#announce(sink)
      this.#write()
    } catch (error) {
      this.#fail(error)
    }
  }

  /** Writes what there is, until something has to be waited for: an event, or room for it. Then it goes on here. */
  readonly #write = (): void => {
    const sink = this.#sink as EventSink
    try {
      while (!this.#left) {
        this.#waiting = false
        if (sink.full) {
          void sink.drained().then(this.#write)
          return
        }
        const result = this.#next()
        if (result === undefined) return
        if (result instanceof Promise) {
          result.then(
            (result) => this.#writeAwaited(result),
            (error) => this.#fail(error),
          )
          return
        }
        this.#writeResult(sink, result)
      }
    } catch (error) {
      this.#fail(error)
    }
  }

  /** What comes next. `undefined` where the source will say when there is something. */
  #next(): ReturnType<ReadySource['~take']> {
    const ready = this.#source['~ready']
    if (ready === undefined) {
      this.#waiting = true
      return Promise.resolve(this.#source.next())
    }
    const result = ready['~take']()
    if (result === undefined) {
      this.#waiting = true
      ready['~onReady'](this.#write)
    }
    return result
  }

  #writeAwaited(result: Result): void {
    if (this.#left) return
    try {
      this.#waiting = false
      this.#writeResult(this.#sink as EventSink, result)
      this.#write()
    } catch (error) {
      this.#fail(error)
    }
  }

  #writeResult(sink: EventSink, { done, value }: Result): void {
    if (done) this.#end(sink, value)
    else this.#writeEvent(sink, value)
  }

  #writeEvent(sink: EventSink, value: unknown): void {
    this.#assertCurrent(sink)
    this.#events++
    sink.event(this.#options.codec.formatEvent(value), this.#metaOf(value))
  }

  #end(sink: EventSink, value: unknown): void {
    this.#assertCurrent(sink)
    sink.done(this.#options.codec.formatEvent(value))
    this.leave()
  }

  /** Gaps come before what is behind them; what was read before the stream was ended is not written after. */
  #assertCurrent(sink: EventSink): void {
    this.#tellGaps(sink)
    this.#source['~position']?.assertOpen?.()
  }

  #fail(error: unknown): void {
    this.#waiting = false
    if (this.#left) return
    this.#sink?.error(this.#formatError(error))
    // The source may not be what failed: an event that cannot be encoded leaves it running.
    this.leave()
  }

  /** An error whose own data cannot be encoded is a bug of ours like any other. */
  #formatError(error: unknown): string {
    try {
      return this.#options.codec.formatEvent(toRPCError(error).toJSON())
    } catch (cause) {
      return this.#options.codec.formatEvent(toRPCError(cause).toJSON())
    }
  }

  #metaOf(value: unknown): EventMeta | undefined {
    const meta = getEventMeta(value)
    if (meta?.id !== undefined) {
      this.#writtenId = meta.id
      return meta
    }
    const id = this.#source['~position']?.cursor()
    if (id === undefined) return meta
    this.#writtenId = id
    return { ...meta, id }
  }

  #beat(sink: EventSink): void {
    if (sink.full) return
    try {
      if (!this.#announce(sink)) sink.beat()
    } catch (error) {
      this.#fail(error)
    }
  }

  /** @throws {RPCError} `EVENT_GAP` where the other side cannot be told: nothing goes missing in silence. */
  #tellGaps(sink: EventSink): void {
    const position = this.#source['~position']
    for (let passed = position?.takeGap?.(); passed !== undefined; passed = position?.takeGap?.()) {
      const { gap, after } = passed
      if (!sink.gap(this.#options.codec.formatEvent(gap), after)) throw eventGap(gap)
      this.#writtenId = after ?? this.#writtenId
    }
  }

  /** Tells the other side how far this stream has come, unless it knows. */
  #announce(sink: EventSink): boolean {
    if (this.#waiting && !this.#left) this.#tellGaps(sink)
    const id = this.#source['~position']?.cursor()
    if (!this.#waiting || this.#left || id === undefined || id === this.#writtenId) return false
    this.#writtenId = id
    sink.position(id)
    return true
  }

  /** Lets the source clean up in its own time. On its own for a stream that is not going to be written. */
  readonly leave = (): void => {
    if (this.#left) return
    this.#left = true
    leaveStream(this.#source)
    const { signal, drain } = this.#options
    clearInterval(this.#timer)
    if (this.#sink !== undefined) signal.removeEventListener('abort', this.leave)
    drain?.offStart(this.leave)
    this.#onClosed?.()
    this.#onEnd?.()
  }
}
