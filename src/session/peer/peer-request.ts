import type { LateAbort } from '../../core/late-abort.ts'
import type { EventSource } from '../../event/event-iterator.ts'
import type { PeerFrame, PeerHeaders } from '../../wire/peer.ts'
import { malformed } from '../../wire/serializer.ts'
import type { OpenConnection } from '../open-work.ts'
import type { ReceivedBody, ServerRequest } from '../server-request.ts'

/**
 * A request frame as the session sees it.
 *
 * @param peer.connection what it came by.
 * @param peer.stream takes the events that follow, where the body is a stream.
 * @throws {RPCError} `BAD_REQUEST` when it is no request.
 */
export function readRequest(
  { payload, bytes }: PeerFrame,
  left: LateAbort,
  peer: { readonly connection: OpenConnection; readonly stream: () => EventSource },
): ServerRequest {
  const { u: url, h: headers = {}, m: method = 'POST' } = payload
  if (typeof url !== 'string' || typeof method !== 'string' || !isHeaders(headers)) {
    throw malformed('a request frame needs `u`, a path, and perhaps `h`, its headers, and `m`, its method')
  }
  const header = (name: string): string | undefined => {
    const value = Object.hasOwn(headers, name) ? headers[name] : undefined
    return value === undefined ? undefined : [value].flat().join(', ')
  }
  const contentType = header('content-type') ?? ''
  return {
    method,
    url: toPath(url),
    header,
    headers: () => toHeaders(headers),
    body: () => Promise.resolve(bytes ?? new Uint8Array()),
    stream: () => new Blob([bytes ?? '']).stream(),
    received: receive(),
    connection: peer.connection,
    get signal() {
      return left.signal
    },
  }

  function receive(): ReceivedBody | undefined {
    if (contentType.startsWith('text/event-stream')) return { stream: peer.stream() }
    if (bytes !== undefined || method === 'GET') return undefined
    return { message: payload['b'] ?? {} }
  }
}

function isHeaders(value: unknown): value is PeerHeaders {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  return Object.values(value)
    .flat()
    .every((header) => typeof header === 'string')
}

/** Some clients send whole URLs. */
function toPath(url: string): string {
  if (url.startsWith('/')) return url
  if (!URL.canParse(url)) throw malformed(`a request frame's \`u\` is no URL: ${url.slice(0, 100)}`)
  const { pathname, search } = new URL(url)
  return pathname + search
}

function toHeaders(entries: PeerHeaders): Headers {
  const headers = new Headers()
  for (const [name, values] of Object.entries(entries)) {
    try {
      for (const value of [values].flat()) headers.append(name, value)
    } catch (cause) {
      throw malformed(`a request frame has a header that is none: ${name.slice(0, 100)}`, cause)
    }
  }
  return headers
}
