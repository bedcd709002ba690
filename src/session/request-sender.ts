import type { CallOptions } from '../contract/procedure-client.ts'
import { RPCError } from '../core/error.ts'
import { type Interceptor, intercept } from '../core/interceptor.ts'
import { isEventSource } from '../event/event-iterator.ts'
import { toEventIdHeader } from '../wire/event-id-header.ts'
import type { ClientCodec, ClientRequest } from './client-codec.ts'

/** A value, or a function that is asked for it before every request, the reconnects of a stream included. */
export type PerRequest<Value, ClientContext> = Value | Ask<Value, ClientContext>

type Ask<Value, ClientContext> = (
  options: CallOptions<ClientContext>,
  path: readonly string[],
  input: unknown,
) => Value | Promise<Value>

export interface RequestSenderOptions<ClientContext> {
  /** Where the handler listens, its prefix included. In a page it may be relative. */
  readonly url: PerRequest<string | URL, ClientContext>
  readonly headers?: PerRequest<Readonly<Record<string, string | undefined>> | Headers, ClientContext> | undefined
  /** `'GET'` only for procedures that allow it; what does not fit into a URL is sent by POST. Default `'POST'`. */
  readonly method?: PerRequest<'GET' | 'POST', ClientContext> | undefined
  /** Longest URL for a GET, in characters. Default 2,083. */
  readonly maxUrlLength?: number | undefined
  /** Default: the global `fetch`. */
  readonly fetch?: ((url: string, init: RequestInit) => Promise<Response>) | undefined
}

/** A request on its way out, as an interceptor sees it. */
export interface OutgoingRequest {
  readonly path: readonly string[]
  /** The link's own URL, for this call. */
  readonly baseUrl: string
  readonly url: string
  readonly method: string
  readonly headers: Headers
  readonly body: BodyInit | null
  readonly signal: AbortSignal | undefined
  readonly context: unknown
}

/** A step around every request of a link, the reconnects of streams included. */
export type RequestInterceptor = Interceptor<OutgoingRequest, Response>

/** Sends a call's request, after an event if it is a stream that resumes. */
export type SendRequest = (lastEventId: string | undefined, signal: AbortSignal | undefined) => Promise<Response>

/** The call as a request that can be sent again; URL, headers and method are asked for each time. */
export function prepareRequest<ClientContext>(
  codec: ClientCodec,
  options: RequestSenderOptions<ClientContext>,
  interceptors: readonly RequestInterceptor[],
  call: { readonly path: readonly string[]; readonly input: unknown; readonly options: CallOptions<ClientContext> },
  moreHeaders: () => Readonly<Record<string, string>>,
): SendRequest {
  const { path, input } = call
  const ask = async <Value>(value: PerRequest<Value, ClientContext>): Promise<Value> => {
    if (typeof value !== 'function') return value
    return (value as Ask<Value, ClientContext>)(call.options, path, input)
  }

  return async (lastEventId, signal) => {
    const method = (await ask(options.method)) ?? 'POST'
    const url = await ask(options.url)
    let request = await codec.encodeCall(path, input, method)
    if (request.method === 'GET' && joinUrl(url, request).length > (options.maxUrlLength ?? 2083)) {
      request = await codec.encodeCall(path, input, 'POST')
    }
    const outgoing: OutgoingRequest = {
      path,
      baseUrl: String(url),
      url: joinUrl(url, request),
      method: request.method,
      headers: toHeaders({ ...request.headers, ...moreHeaders() }, await ask(options.headers), lastEventId),
      body: await toBody(codec, request.body, signal),
      signal,
      context: call.options.context,
    }
    return intercept(interceptors, outgoing, (request) => send(options.fetch ?? globalThis.fetch, request))
  }
}

async function send(
  fetch: (url: string, init: RequestInit) => Promise<Response>,
  request: OutgoingRequest,
): Promise<Response> {
  const { url, method, headers, body, signal } = request
  const isPage = 'location' in globalThis
  if (!isPage && !URL.canParse(url)) {
    throw new RPCError('BAD_REQUEST', { message: `The link's url has to be absolute outside of a page: ${url}` })
  }
  const init: RequestInit & { duplex?: 'half' } = { method, headers, body }
  if (signal !== undefined) init.signal = signal
  if (body instanceof ReadableStream) init.duplex = 'half'
  try {
    return await fetch(url, init)
  } catch (cause) {
    signal?.throwIfAborted()
    throw new RPCError('CONNECTION_FAILED', { status: 503, message: 'The server could not be reached', cause })
  }
}

function joinUrl(base: string | URL, { pathname, query }: ClientRequest): string {
  const [, front = '', own = ''] = /^([^?#]*)(\?[^#]*)?/.exec(String(base)) ?? []
  const both = [own.slice(1), query].filter((part) => part !== undefined && part !== '').join('&')
  return `${front.replace(/\/+$/, '')}${pathname}${both === '' ? '' : `?${both}`}`
}

function toHeaders(
  basic: Readonly<Record<string, string>>,
  own: Readonly<Record<string, string | undefined>> | Headers | undefined,
  lastEventId: string | undefined,
): Headers {
  const headers = new Headers(basic)
  const entries = own instanceof Headers ? [...own] : Object.entries(own ?? {})
  for (const [name, value] of entries) if (value !== undefined) headers.set(name, value)
  if (lastEventId !== undefined) headers.set('last-event-id', toEventIdHeader(lastEventId))
  return headers
}

async function toBody(
  codec: ClientCodec,
  body: ClientRequest['body'],
  signal: AbortSignal | undefined,
): Promise<BodyInit | null> {
  if (!isEventSource(body)) return body ?? null
  // Few clients ever send a stream: what it takes is loaded by those who do.
  const { toStreamBody } = await import('./stream-body.ts')
  return toStreamBody(codec, body, signal)
}
