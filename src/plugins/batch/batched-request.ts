import { RPCError } from '../../core/error.ts'
import type { IncomingCall } from '../../session/serve-request.ts'
import { bodyTooLarge, type ServerRequest } from '../../session/server-request.ts'
import { BATCH_HEADER, BATCH_PATHNAME, type BatchCall, toItemHeaders } from '../../wire/batch.ts'

/** Headers of a batch that tell of the batch and not of its calls. */
const OF_THE_BATCH: readonly string[] = [
  BATCH_HEADER,
  'accept-encoding',
  'content-encoding',
  'content-length',
  'content-type',
  'transfer-encoding',
]

/** A batch that has been received: what its calls have in common. */
export interface ReceivedBatch {
  readonly calls: readonly unknown[]
  readonly request: ServerRequest
  /** Where the calls are sent to, as the client sees it. */
  readonly origin: string | undefined
  /** What was taken off the path on its way here, by a proxy or by a mount of Express. */
  readonly mount: string
  readonly maxBodySize: number
}

/** @throws {RPCError} when the request as a whole is no batch. */
export async function readBatch({ request, prefix, session }: IncomingCall): Promise<ReceivedBatch> {
  const { maxBodySize } = session
  if (request.method !== 'GET' && request.method !== 'POST') {
    throw new RPCError('METHOD_NOT_SUPPORTED', { message: `A batch cannot be sent by ${request.method}` })
  }
  const [pathname = '', query] = request.url.split('?', 2)
  const text =
    request.method === 'GET'
      ? new URLSearchParams(query).getAll('batch').at(-1)
      : new TextDecoder().decode(await request.body(maxBodySize))
  const calls = parseCalls(text ?? '')
  const first = toURL((calls[0] as Partial<BatchCall> | null)?.url)
  return { calls, request, origin: first?.origin, mount: findMount(pathname, prefix, first), maxBodySize }
}

function parseCalls(text: string): readonly unknown[] {
  let calls: unknown
  try {
    calls = JSON.parse(text)
  } catch (cause) {
    throw new RPCError('BAD_REQUEST', { message: 'Malformed batch: not JSON', cause })
  }
  if (Array.isArray(calls) && calls.length > 0) return calls
  throw new RPCError('BAD_REQUEST', { message: 'Malformed batch: expected an array of calls' })
}

/** A batch is sent to its first call's URL and some: where the paths differ in front, something was taken off. */
function findMount(pathname: string, prefix: string, first: URL | undefined): string {
  if (first === undefined || !pathname.endsWith(BATCH_PATHNAME)) return ''
  const seen = pathname.slice(0, -BATCH_PATHNAME.length)
  const isOfACall = seen.startsWith(`${prefix}/`) && first.pathname.endsWith(seen)
  return isOfACall ? first.pathname.slice(0, first.pathname.length - seen.length) : ''
}

/**
 * One call of a batch as a request of its own.
 *
 * The batch's headers win: what a proxy has vouched for, no call can say otherwise.
 *
 * @throws {RPCError} when the item is no call, or none that may be in this batch.
 */
export function toCallRequest(batch: ReceivedBatch, item: unknown, signal: AbortSignal): ServerRequest {
  const call = (typeof item === 'object' && item !== null ? item : {}) as Partial<Record<keyof BatchCall, unknown>>
  const url = toURL(call.url)
  if (url === undefined) throw malformed('its `url` is no absolute URL')
  if (url.origin !== batch.origin) throw malformed('its `url` is of another origin than that of the first call')
  const method = call.method ?? batch.request.method
  if (typeof method !== 'string') throw malformed('its `method` is no string')
  // A link to a batch must not do what a link to a call cannot.
  if (batch.request.method === 'GET' && method !== 'GET') throw malformed('a batch by GET holds calls by GET')
  const isMounted = url.pathname.startsWith(`${batch.mount}/`)
  const body = call.body === undefined ? undefined : encodeBody(call.body)
  const headers = toHeaders(batch.request, call.headers, body !== undefined)
  return {
    method,
    url: (isMounted ? url.pathname.slice(batch.mount.length) : url.pathname) + url.search,
    header: (name) => headers.get(name) ?? undefined,
    headers: () => headers,
    async body(limit) {
      if (body !== undefined && body.length > limit) throw bodyTooLarge(limit)
      return body ?? new Uint8Array()
    },
    stream: () => new Blob(body === undefined ? [] : [body]).stream(),
    signal,
  }
}

function toHeaders(batch: ServerRequest, own: unknown, hasBody: boolean): Headers {
  const headers = toItemHeaders(own)
  if (headers === undefined) throw malformed('its `headers` are none')
  if (headers.has(BATCH_HEADER)) throw malformed('it is a batch itself')
  for (const name of OF_THE_BATCH) headers.delete(name)
  for (const [name, value] of batch.headers()) if (!OF_THE_BATCH.includes(name)) headers.set(name, value)
  if (hasBody) headers.set('content-type', 'application/json')
  return headers
}

function encodeBody(body: unknown): Uint8Array<ArrayBuffer> {
  try {
    return new TextEncoder().encode(JSON.stringify(body))
  } catch (cause) {
    throw malformed('its `body` is nested too deeply', cause)
  }
}

function toURL(value: unknown): URL | undefined {
  return typeof value === 'string' && URL.canParse(value) ? new URL(value) : undefined
}

function malformed(what: string, cause?: unknown): RPCError {
  return new RPCError('BAD_REQUEST', { message: `Malformed call in a batch: ${what}`, cause })
}
