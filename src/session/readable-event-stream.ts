import type { EventStreamBody } from './event-stream-body.ts'
import { SSESink, type TextSink } from './sse-sink.ts'

/** Bytes of a stream that may wait for a reader that is behind. */
const HIGH_WATER_MARK = 16 * 1024

/**
 * A stream of events as a `ReadableStream`, for bodies of `Request` and `Response`.
 *
 * @param left the controller of the body's own signal: aborted when the reader cancels.
 */
export function toReadableStream(
  body: EventStreamBody,
  left: AbortController,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const encoder = new TextEncoder()
  let cancelled = false
  let resume = (): void => {}
  return new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      start(controller) {
        const sink: TextSink = {
          write: (text) => controller.enqueue(encoder.encode(text)),
          get buffered() {
            return HIGH_WATER_MARK - (controller.desiredSize ?? HIGH_WATER_MARK)
          },
          get full() {
            return (controller.desiredSize ?? 0) <= 0
          },
          drained: () =>
            new Promise((resolve) => {
              resume = resolve
            }),
        }
        // Not returned: a stream is not pulled from before its start has settled.
        void body.pipe(new SSESink(sink)).then(() => {
          if (cancelled) return
          // A stream that was aborted has not come to its end: its reader must not take it for that.
          if (left.signal.aborted) controller.error(left.signal.reason)
          else controller.close()
        })
      },
      pull: () => resume(),
      cancel(reason) {
        cancelled = true
        left.abort(reason)
        resume()
      },
    },
    new ByteLengthQueuingStrategy({ highWaterMark: HIGH_WATER_MARK }),
  )
}
