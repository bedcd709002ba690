import { EventStreamBody, type EventStreamSink } from '../../session/event-stream-body.ts'
import type { ServerResponse } from '../../session/server-request.ts'

/** Bytes of a stream that may wait for a client that is behind. */
const HIGH_WATER_MARK = 16 * 1024

/**
 * An answer as a `Response`.
 *
 * @param left is aborted when the client stops reading a stream.
 */
export function toResponse({ status, headers, body }: ServerResponse, left: AbortController): Response {
  const content = body instanceof EventStreamBody ? toReadableStream(body, left) : body
  return new Response(content, { status, headers })
}

function toReadableStream(body: EventStreamBody, left: AbortController): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  let cancelled = false
  let resume = (): void => {}
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        const sink: EventStreamSink = {
          write: (text) => controller.enqueue(encoder.encode(text)),
          get full() {
            return (controller.desiredSize ?? 0) <= 0
          },
          drained: () =>
            new Promise((resolve) => {
              resume = resolve
            }),
        }
        // Not returned: a stream is not pulled from before its start has settled.
        void body.pipe(sink).then(() => {
          if (cancelled) return
          // A request that was aborted has not been answered to its end: its reader must not take it for that.
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
