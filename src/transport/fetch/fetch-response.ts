import { EventStreamBody } from '../../session/event-stream-body.ts'
import { toReadableStream } from '../../session/readable-event-stream.ts'
import type { ServerResponse } from '../../session/server-request.ts'

/**
 * An answer as a `Response`.
 *
 * @param left is aborted when the client stops reading a stream.
 */
export function toResponse({ status, headers, body }: ServerResponse, left: AbortController): Response {
  const content = body instanceof EventStreamBody ? toReadableStream(body, left) : body
  return new Response(content, { status, headers })
}
