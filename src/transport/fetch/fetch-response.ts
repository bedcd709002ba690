import { EventStreamBody } from '../../session/event-stream-body.ts'
import { toReadableStream } from '../../session/readable-event-stream.ts'
import type { ServerResponse } from '../../session/server-request.ts'

/**
 * An answer as a `Response`.
 *
 * @param left is aborted when the client stops reading a stream.
 */
export function toResponse({ status, headers, body }: ServerResponse, left: AbortController): Response {
  const content = body instanceof EventStreamBody ? toReadableStream(body, left) : (body ?? null)
  return new Response(content, { status, headers: toHeaders(headers) })
}

function toHeaders(entries: ServerResponse['headers']): Headers {
  const headers = new Headers()
  for (const [name, values] of Object.entries(entries)) for (const value of [values].flat()) headers.append(name, value)
  return headers
}
