import { onAbort } from '../core/abort.ts'
import { toRPCError } from '../core/error.ts'
import type { EventSource } from '../event/event-iterator.ts'
import { getEventMeta } from '../event/event-meta.ts'
import { formatSSE, SSE_COMMENT } from '../wire/sse.ts'

/** Where a transport lets a stream be written. */
export interface EventStreamSink {
  write(text: string): void
  /** Whether the client is behind: the stream then waits for `drained()` and pulls nothing. */
  readonly full: boolean
  /** Resolves when there is room again, or nobody left to write for. */
  drained(): Promise<void>
}

export interface EventStreamBodyOptions {
  /** Ends the stream: the client has left. */
  readonly signal: AbortSignal
  /** Longest silence on the wire, in ms. */
  readonly heartbeat: number
  /** @throws when the value cannot be encoded, which fails the stream. */
  readonly formatValue: (value: unknown) => string
}

/**
 * A stream of events on its way out as `text/event-stream` (PROTOCOL.md, "Event streams over HTTP").
 *
 * The client's leaving ends it at once: the source is told to return and never waited for.
 */
export class EventStreamBody {
  readonly #source: EventSource
  readonly #options: EventStreamBodyOptions
  /** The last id on the wire: a position is written only when it has moved on from there. */
  #writtenId: string | undefined
  /** Everything that the source has handed out is on the wire: only then does its position belong there. */
  #waiting = false

  constructor(source: EventSource, options: EventStreamBodyOptions) {
    this.#source = source
    this.#options = options
  }

  /** Writes the whole stream. Resolves when it has ended or the client has left; never rejects. Call it once. */
  pipe(sink: EventStreamSink): Promise<void> {
    const { signal, heartbeat } = this.#options
    if (signal.aborted) {
      this.#leave()
      return Promise.resolve()
    }
    return new Promise((resolve) => {
      const timer = setInterval(() => this.#beat(sink), heartbeat)
      const end = (): void => {
        clearInterval(timer)
        offAbort()
        resolve()
      }
      const offAbort = onAbort(signal, () => {
        this.#leave()
        end()
      })
      void this.#write(sink).then(end)
    })
  }

  async #write(sink: EventStreamSink): Promise<void> {
    const { signal } = this.#options
    sink.write(SSE_COMMENT)
    await this.#announceStart(sink)
    try {
      while (!signal.aborted) {
        this.#waiting = true
        const result = await this.#source.next()
        this.#waiting = false
        if (signal.aborted) return
        sink.write(this.#format(result))
        if (result.done) return
        if (sink.full) await sink.drained()
      }
    } catch (error) {
      this.#waiting = false
      if (signal.aborted) return
      sink.write(formatSSE({ event: 'error', data: this.#formatError(error) }))
      // The source may not be what failed: an event that cannot be encoded leaves it running.
      this.#leave()
    }
  }

  /** An error whose own data cannot be encoded is a bug of ours like any other. */
  #formatError(error: unknown): string {
    try {
      return this.#options.formatValue(toRPCError(error).toJSON())
    } catch (cause) {
      return this.#options.formatValue(toRPCError(cause).toJSON())
    }
  }

  #format({ done, value }: IteratorResult<unknown, unknown>): string {
    const data = this.#options.formatValue(value)
    if (done) return formatSSE({ event: 'done', data })
    const meta = getEventMeta(value)
    const id = meta?.id ?? this.#source['~position']?.cursor()
    this.#writtenId = id ?? this.#writtenId
    return formatSSE({ event: 'message', data, ...meta, id })
  }

  /** Before the first event is asked for: its position belongs behind it. */
  async #announceStart(sink: EventStreamSink): Promise<void> {
    const position = this.#source['~position']
    if (position === undefined) return
    await position.ready
    this.#waiting = true
    this.#announce(sink)
  }

  #beat(sink: EventStreamSink): void {
    if (!sink.full && !this.#announce(sink)) sink.write(SSE_COMMENT)
  }

  /** Tells the client how far this stream has come, unless it knows. */
  #announce(sink: EventStreamSink): boolean {
    const id = this.#source['~position']?.cursor()
    if (!this.#waiting || this.#options.signal.aborted || id === undefined || id === this.#writtenId) return false
    this.#writtenId = id
    sink.write(formatSSE({ id }))
    return true
  }

  /** Lets the source clean up in its own time. */
  #leave(): void {
    void this.#source.return?.().then(undefined, () => {})
  }
}
