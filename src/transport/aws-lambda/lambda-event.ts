import type { Writable } from 'node:stream'
import { bodyTooLarge, type ServerRequest } from '../../session/server-request.ts'

/** What is needed of the event of a Function URL or an HTTP API (payload format 2.0). */
export interface LambdaEvent {
  readonly rawPath: string
  readonly rawQueryString: string
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly cookies?: readonly string[] | undefined
  readonly body?: string | undefined
  readonly isBase64Encoded: boolean
  readonly requestContext: { readonly http: { readonly method: string } }
}

/** An event as the session sees it. Lambda tells of a client that leaves by closing the answer's stream, or failing it. */
export function toServerRequest(event: LambdaEvent, responseStream: Writable): ServerRequest {
  const controller = new AbortController()
  const leave = (): void => {
    if (!responseStream.writableFinished) controller.abort()
  }
  responseStream.once('close', leave).on('error', leave)
  const { rawPath, rawQueryString, requestContext } = event
  const headers = toHeaders(event)
  return {
    method: requestContext.http.method,
    url: rawQueryString === '' ? rawPath : `${rawPath}?${rawQueryString}`,
    header: (name) => headers.get(name) ?? undefined,
    headers: () => headers,
    body: async (limit) => {
      const body = toBytes(event)
      if (body.length > limit) throw bodyTooLarge(limit)
      return body
    },
    stream: () => new Blob([toBytes(event)]).stream(),
    signal: controller.signal,
  }
}

function toBytes({ body = '', isBase64Encoded }: LambdaEvent): Uint8Array<ArrayBuffer> {
  return Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8') as Uint8Array<ArrayBuffer>
}

function toHeaders({ headers: entries, cookies = [] }: LambdaEvent): Headers {
  const headers = new Headers()
  for (const [name, value] of Object.entries(entries)) if (value !== undefined) headers.set(name, value)
  if (cookies.length > 0) headers.set('cookie', cookies.join('; '))
  return headers
}
