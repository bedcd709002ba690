import type { LateAbort } from '../../core/late-abort.ts'
import type { EventSource } from '../../event/event-iterator.ts'
import type { PeerFrame, PeerHeaders } from '../../wire/peer.ts'
import { malformed } from '../../wire/serializer.ts'
import type { OpenConnection } from '../open-work.ts'
import type { ReceivedBody, ServerRequest } from '../server-request.ts'

const NO_HEADERS: PeerHeaders = {}

/** A request frame as the session sees it. */
export class PeerRequest implements ServerRequest {
  readonly method: string
  readonly url: string
  readonly received: ReceivedBody | undefined
  readonly connection: OpenConnection
  readonly #headers: PeerHeaders
  readonly #bytes: Uint8Array<ArrayBuffer> | undefined
  readonly #left: LateAbort

  /**
   * @param connection what it came by.
   * @param receiveStream takes the events that follow, where the body is a stream.
   * @throws {RPCError} `BAD_REQUEST` when it is no request.
   */
  constructor(
    { payload, bytes }: PeerFrame,
    left: LateAbort,
    connection: OpenConnection,
    receiveStream: () => EventSource,
  ) {
    const { u: url, h: headers = NO_HEADERS, m: method = 'POST' } = payload
    if (typeof url !== 'string' || typeof method !== 'string' || !isHeaders(headers)) {
      throw malformed('a request frame needs `u`, a path, and perhaps `h`, its headers, and `m`, its method')
    }
    this.method = method
    this.url = toPath(url)
    this.#headers = headers
    this.#bytes = bytes
    this.#left = left
    this.connection = connection
    if (this.header('content-type')?.startsWith('text/event-stream')) this.received = { stream: receiveStream() }
    else if (bytes === undefined && method !== 'GET') this.received = { message: payload['b'] ?? {} }
    else this.received = undefined
  }

  get signal(): AbortSignal {
    return this.#left.signal
  }

  header(name: string): string | undefined {
    const value = Object.hasOwn(this.#headers, name) ? this.#headers[name] : undefined
    return typeof value === 'object' ? value.join(', ') : value
  }

  headers(): Headers {
    return toHeaders(this.#headers)
  }

  async body(): Promise<Uint8Array<ArrayBuffer>> {
    return this.#bytes ?? new Uint8Array()
  }

  stream(): ReadableStream<Uint8Array> {
    return new Blob([this.#bytes ?? '']).stream()
  }
}

function isHeaders(value: unknown): value is PeerHeaders {
  if (value === NO_HEADERS) return true
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
