import { onAbort } from '../core/abort.ts'
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
  /** @throws when the value cannot be encoded, which fails the stream. */
  readonly formatValue: (value: unknown) => string
  /** Cuts the stream, for the other side to resume it elsewhere. */
  readonly drain?: Drain | undefined
  /** Is told when the stream begins to be written, and by what it gives back when it no longer is. */
  readonly onOpen?: ((stream: OpenStream) => () => void) | undefined
}

/**
 * A stream of events on its way out.
 *
 * The other side's leaving ends it at once: the source is told to return and never waited for.
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
    const onEnd = onOpen?.(this)
    return new Promise((resolve) => {
      const timer = setInterval(() => this.#beat(sink), heartbeat)
      const end = (): void => {
        clearInterval(timer)
        offAbort()
        offDrain?.()
        onEnd?.()
        resolve()
      }
      const leave = (): void => {
        this.leave()
        end()
      }
      const offAbort = onAbort(signal, leave)
      const offDrain = drain?.onStart(leave)
      void this.#write(sink).then(end)
    })
  }

  async #write(sink: EventSink): Promise<void> {
    sink.open()
    try {
      await this.#announceStart(sink)
      while (!this.#left) {
        this.#waiting = true
        const ready = this.#source['~ready']
        const result = await (ready === undefined ? this.#source.next() : this.#writeReady(ready, sink))
        this.#waiting = false
        if (this.#left) return
        if (result?.done) return this.#end(sink, result.value)
        if (result !== undefined) this.#writeEvent(sink, result.value)
        if (sink.full) await sink.drained()
      }
    } catch (error) {
      this.#fail(sink, error)
    }
  }

  /**
   * Writes what there is to take, now and whenever there is more, until something has to be waited for: room, by
   * resolving with nothing, or a result, by resolving with it.
   */
  #writeReady(source: ReadySource, sink: EventSink): Promise<IteratorResult<unknown, unknown> | undefined> {
    return new Promise((resolve, reject) => {
      const write = (): void => {
        this.#waiting = false
        try {
          while (!this.#left && !sink.full) {
            const result = source['~take']()
            if (result === undefined) {
              this.#waiting = true
              source['~onReady'](write)
              return
            }
            if (result instanceof Promise || result.done) {
              resolve(result)
              return
            }
            this.#writeEvent(sink, result.value)
          }
          resolve(undefined)
        } catch (error) {
          reject(error)
        }
      }
      write()
    })
  }

  #writeEvent(sink: EventSink, value: unknown): void {
    this.#assertCurrent(sink)
    this.#events++
    sink.event(this.#options.formatValue(value), this.#metaOf(value))
  }

  #end(sink: EventSink, value: unknown): void {
    this.#assertCurrent(sink)
    sink.done(this.#options.formatValue(value))
    this.leave()
  }

  /** Gaps come before what is behind them; what was read before the stream was ended is not written after. */
  #assertCurrent(sink: EventSink): void {
    this.#tellGaps(sink)
    this.#source['~position']?.assertOpen?.()
  }

  #fail(sink: EventSink, error: unknown): void {
    this.#waiting = false
    if (this.#left) return
    sink.error(this.#formatError(error))
    // The source may not be what failed: an event that cannot be encoded leaves it running.
    this.leave()
  }

  /** An error whose own data cannot be encoded is a bug of ours like any other. */
  #formatError(error: unknown): string {
    try {
      return this.#options.formatValue(toRPCError(error).toJSON())
    } catch (cause) {
      return this.#options.formatValue(toRPCError(cause).toJSON())
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

  /** Before the first event is asked for: its position belongs behind it. */
  async #announceStart(sink: EventSink): Promise<void> {
    const position = this.#source['~position']
    if (position === undefined) return
    await position.ready
    this.#waiting = true
    this.#announce(sink)
  }

  #beat(sink: EventSink): void {
    if (sink.full) return
    try {
      if (!this.#announce(sink)) sink.beat()
    } catch (error) {
      this.#fail(sink, error)
    }
  }

  /** @throws {RPCError} `EVENT_GAP` where the other side cannot be told: nothing goes missing in silence. */
  #tellGaps(sink: EventSink): void {
    const position = this.#source['~position']
    for (let passed = position?.takeGap?.(); passed !== undefined; passed = position?.takeGap?.()) {
      const { gap, after } = passed
      if (!sink.gap(this.#options.formatValue(gap), after)) throw eventGap(gap)
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
  leave(): void {
    this.#left = true
    leaveStream(this.#source)
  }
}
