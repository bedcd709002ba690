import type { EventMeta } from '../event/event-meta.ts'
import { formatSSE, SSE_COMMENT } from '../wire/format-sse.ts'
import { GAP_COMMENT } from '../wire/sse.ts'
import type { EventSink } from './event-stream-body.ts'

/** Where a transport lets text be written. */
export interface TextSink {
  write(text: string): void
  /** Bytes that wait for the reader. */
  readonly buffered: number
  readonly full: boolean
  drained(): Promise<void>
}

/** Writes a stream as `text/event-stream` (PROTOCOL.md, "Event streams over HTTP"). */
export class SSESink implements EventSink {
  readonly #sink: TextSink

  constructor(sink: TextSink) {
    this.#sink = sink
  }

  open(): void {
    this.#sink.write(SSE_COMMENT)
  }

  event(data: string, meta: EventMeta | undefined): void {
    this.#sink.write(formatOnce(data, meta))
  }

  position(id: string): void {
    this.#sink.write(formatSSE({ id }))
  }

  gap(data: string, after: string | undefined): boolean {
    this.#sink.write(formatSSE({ comments: [`${GAP_COMMENT}${data}`], id: after }))
    return true
  }

  done(data: string): void {
    this.#sink.write(formatSSE({ event: 'done', data }))
  }

  error(data: string): void {
    this.#sink.write(formatSSE({ event: 'error', data }))
  }

  beat(): void {
    this.#sink.write(SSE_COMMENT)
  }

  get buffered(): number {
    return this.#sink.buffered
  }

  get full(): boolean {
    return this.#sink.full
  }

  drained(): Promise<void> {
    return this.#sink.drained()
  }
}

/** The last event that any stream has written: the streams of a channel write the same one, one after the other. */
let last: { readonly data: string; readonly meta: EventMeta | undefined; readonly text: string } | undefined

function formatOnce(data: string, meta: EventMeta | undefined): string {
  if (last === undefined || last.meta !== meta || last.data !== data) {
    last = { data, meta, text: formatSSE({ event: 'message', data, ...meta }) }
  }
  return last.text
}
