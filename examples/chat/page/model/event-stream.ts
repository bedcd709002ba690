import {
  type CallOptions,
  type EventGapData,
  type EventIterator,
  getEventMeta,
  isEventGap,
  RPCError,
} from 'headwater/client'

export interface EventStreamOptions<Event> {
  readonly open: (options: CallOptions) => Promise<EventIterator<Event>>
  readonly onEvent: (event: Event) => void
  /** Events are missing from here on; the stream goes on behind the gap. */
  readonly onGap?: (data: EventGapData) => void
  /** The server refuses the stream for good. */
  readonly onRefusal?: (error: Error) => void
}

const RETRY_DELAY = 2000

/**
 * A stream that can be left and followed again: it goes on after the last event that it has handed out.
 *
 * While it is followed the library resumes it after every cut. What is left to do here is what only the page can
 * decide: to go on behind a gap, and after a server that ended the stream with an error.
 */
export class EventStream<Event> {
  readonly #options: EventStreamOptions<Event>
  #lastEventId: string | undefined

  constructor(options: EventStreamOptions<Event>) {
    this.#options = options
  }

  /** Hands out events until the signal aborts or the server refuses. Never rejects. */
  async follow(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        const events = await this.#options.open({ signal, lastEventId: this.#lastEventId, resume: 'always' })
        for await (const event of events) {
          if (signal.aborted) return
          this.#lastEventId = getEventMeta(event)?.id ?? this.#lastEventId
          this.#options.onEvent(event)
        }
      } catch (error) {
        if (signal.aborted) return
        if (isEventGap(error)) {
          this.#lastEventId = error.data.oldest
          this.#options.onGap?.(error.data)
          continue
        }
        if (error instanceof RPCError && error.status < 500) return this.#options.onRefusal?.(error)
      }
      await new Promise((resolve) => setTimeout(resolve, RETRY_DELAY))
    }
  }
}
