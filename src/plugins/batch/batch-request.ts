import type { OutgoingRequest } from '../../session/request-sender.ts'
import { BATCH_HEADER, BATCH_NOTE, BATCH_PATHNAME, type BatchCall, type BatchMode } from '../../wire/batch.ts'

/** The request that a batch is, but for the signal. */
export type BatchRequest = Omit<OutgoingRequest, 'signal'>

/** A URL outside of its page, where a relative one means nothing; `undefined` when there is no page. */
function toAbsoluteURL(url: string): URL | undefined {
  const page = (globalThis as { readonly location?: { readonly href: string } }).location?.href
  return URL.canParse(url, page) ? new URL(url, page) : undefined
}

/** Whether a request can be one of a batch: a stream or a file cannot, nor can what resumes a stream. */
export function isBatchable({ url, headers, body }: OutgoingRequest): boolean {
  if (headers.has('last-event-id') || toAbsoluteURL(url) === undefined) return false
  if (body === null) return true
  return typeof body === 'string' && (headers.get('content-type') ?? '').startsWith('application/json')
}

/** Several requests as one: by GET in its query, else in its body. Headers that all of them have stand once. */
export function toBatchRequest(
  requests: readonly OutgoingRequest[],
  { mode, context }: { readonly mode: BatchMode; readonly context: unknown },
): BatchRequest {
  const [first] = requests as [OutgoingRequest]
  const method = first.method === 'GET' ? 'GET' : 'POST'
  const isCommon = ([name, value]: [string, string]): boolean =>
    requests.every(({ headers }) => headers.get(name) === value)
  const headers = new Headers([...first.headers].filter(isCommon))
  const json = JSON.stringify(requests.map((request) => toCall(request, method, headers)))
  const url = new URL(toAbsoluteURL(first.url) ?? first.url)
  url.pathname += BATCH_PATHNAME
  url.search = toAbsoluteURL(first.baseUrl)?.search ?? ''
  headers.set(BATCH_HEADER, mode)
  if (method === 'GET') url.searchParams.append('batch', json)
  else headers.set('content-type', 'application/json')
  const body = method === 'GET' ? null : json
  return { path: [], baseUrl: first.baseUrl, url: url.href, method, headers, body, context }
}

function toCall({ url, method, headers, body }: OutgoingRequest, batchMethod: string, common: Headers): BatchCall {
  const own = [...headers].filter(([name, value]) => common.get(name) !== value)
  return {
    url: String(toAbsoluteURL(url)),
    method: method === batchMethod ? undefined : method,
    headers: { ...Object.fromEntries(own), [BATCH_NOTE]: 'base64' },
    body: typeof body === 'string' ? JSON.parse(body) : undefined,
  }
}
