import { toReceivedError } from '../core/error.ts'
import { type EventGapData, isEventGapData } from '../event/event-gap.ts'
import type { StreamFrame, StreamSource } from '../event/resume.ts'
import { GAP_COMMENT, type SSEBlock, SSEDecoder } from '../wire/sse.ts'

/** What the end of a body without `done` means. */
export type StreamEnd = 'cut' | 'done'

export interface EventStreamSourceOptions {
  /** Longest silence, in ms, before the connection counts as lost; the waits for a slow consumer do not count. */
  readonly silenceTimeout: number
  /** Is told how long a block has become, in characters; what it throws fails the stream. Default: no limit. */
  readonly checkBlockSize?: ((characters: number) => void) | undefined
  /** Default `'cut'`. */
  readonly eof?: StreamEnd | undefined
  /** @throws when the data is not what the protocol says: the stream then fails for good. */
  readonly parseValue: (data: string) => unknown
}

/** The body of a `text/event-stream` response as frames. It is read only when a frame is asked for. */
export class EventStreamSource implements StreamSource {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>
  readonly #options: EventStreamSourceOptions
  readonly #text = new TextDecoder()
  readonly #decoder: SSEDecoder
  readonly #blocks: SSEBlock[] = []
  /** Why no more can be decoded. What was complete before it comes first. */
  #failure: StreamFrame | undefined
  /** Since when a read has been waiting for the other side to say something. */
  #silentSince: number | undefined
  #closed = false
  #ended = false

  constructor(body: ReadableStream<Uint8Array>, options: EventStreamSourceOptions) {
    this.#reader = body.getReader()
    this.#options = options
    this.#decoder = new SSEDecoder(options.checkBlockSize)
  }

  async next(): Promise<StreamFrame | undefined> {
    for (;;) {
      const block = this.#blocks.shift()
      if (block !== undefined) return this.#toFrame(block)
      if (this.#failure !== undefined) return this.#failure
      const chunk = await this.#read()
      if (chunk === undefined) return this.#ended ? { type: 'done', value: undefined } : undefined
      try {
        this.#decoder.decode(this.#text.decode(chunk, { stream: true }), this.#blocks)
      } catch (error) {
        this.#failure = { type: 'error', error }
      }
    }
  }

  check(): void {
    if (this.#silentSince !== undefined && Date.now() - this.#silentSince >= this.#options.silenceTimeout) this.close()
  }

  close(): void {
    this.#closed = true
    // Cancelling ends a pending read as if the body had ended; one that has failed already has nothing to cancel.
    this.#reader.cancel().catch(() => {})
  }

  /** The next chunk; `undefined` at the end of the body, be it polite, a cut or silence. */
  async #read(): Promise<Uint8Array | undefined> {
    const { silenceTimeout } = this.#options
    this.#silentSince = Date.now()
    const timer = Number.isFinite(silenceTimeout) ? setTimeout(() => this.close(), silenceTimeout) : undefined
    try {
      const { done, value } = await this.#reader.read()
      this.#ended = done && !this.#closed && this.#options.eof === 'done'
      return value
    } catch {
      return undefined
    } finally {
      clearTimeout(timer)
      this.#silentSince = undefined
    }
  }

  #toFrame({ event, data, ...fields }: SSEBlock): StreamFrame {
    const meta = Object.keys(fields).length === 0 ? undefined : fields
    const parse = (): unknown => (data === undefined ? undefined : this.#options.parseValue(data))
    if (event === undefined && data === undefined) {
      const gap = this.#gapIn(meta?.comments)
      return gap === undefined ? { type: 'alive', meta } : { type: 'gap', gap, meta }
    }
    try {
      // By the standard, an empty name is none.
      switch (event || 'message') {
        case 'message':
          return { type: 'event', value: parse(), meta }
        case 'done':
          return { type: 'done', value: parse() }
        case 'error':
          return { type: 'error', error: toReceivedError(parse()) }
        default:
          return { type: 'alive', meta }
      }
    } catch (error) {
      return { type: 'error', error }
    }
  }

  /** The gap that a comment tells of; others may be anybody's. */
  #gapIn(comments: readonly string[] = []): EventGapData | undefined {
    const comment = comments.find((comment) => comment.startsWith(GAP_COMMENT))
    try {
      const gap = comment && this.#options.parseValue(comment.slice(GAP_COMMENT.length))
      return isEventGapData(gap) ? gap : undefined
    } catch {
      return undefined
    }
  }
}
