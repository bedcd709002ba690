import { onAbort } from '../../core/abort.ts'
import { bodyTooLarge, type ServerRequest } from '../../session/server-request.ts'

/**
 * A `Request` as the session sees it.
 *
 * @param left is aborted with the request: what the handler gets as its signal.
 */
export function toServerRequest(request: Request, left: AbortController): ServerRequest {
  onAbort(request.signal, () => left.abort(request.signal.reason))
  const { pathname, search } = new URL(request.url)
  return {
    method: request.method,
    url: pathname + search,
    header: (name) => request.headers.get(name) ?? undefined,
    headers: () => request.headers,
    body: (limit) => readBody(request, limit),
    stream: () => request.body ?? new Blob([]).stream(),
    signal: left.signal,
  }
}

async function readBody(request: Request, limit: number): Promise<Uint8Array<ArrayBuffer>> {
  if (Number(request.headers.get('content-length')) > limit) throw bodyTooLarge(limit)
  const chunks: Uint8Array<ArrayBuffer>[] = []
  let size = 0
  // Leaving the loop cancels the body: what is beyond the limit is not read.
  for await (const chunk of request.body ?? []) {
    size += chunk.length
    if (size > limit) throw bodyTooLarge(limit)
    chunks.push(chunk)
  }
  return new Uint8Array(await new Blob(chunks).arrayBuffer())
}
