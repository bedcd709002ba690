import type { ServerResponse as HttpResponse, IncomingMessage } from 'node:http'
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2'
import { Readable, type Writable } from 'node:stream'
import { RPCError } from '../core/error.ts'
import { LateAbort } from '../core/late-abort.ts'
import { bodyTooLarge, type ReceivedBody, type ServerRequest } from '../session/server-request.ts'
import { formatBrackets } from '../wire/bracket-notation.ts'

/** A request of `node:http`, `node:https` or `node:http2`. */
export type NodeRequest = IncomingMessage | Http2ServerRequest

export type NodeResponse = HttpResponse | Http2ServerResponse

/** Where the bytes of the answer go: HTTP/2's response object does not tell whether its stream is full or cut. */
export function writableOf(response: NodeResponse): Writable {
  return 'stream' in response ? response.stream : response
}

/** Whether body is left that would be read to its end for the sake of the connection's next request. */
export function hasUnreadBody({ complete, httpVersionMajor }: NodeRequest): boolean {
  return !complete && httpVersionMajor < 2
}

/** For how long a body that nobody wants is read, in ms. */
const LINGER = 2_000

/**
 * Reads what is left of a body and forgets it. Resolves when it has ended, its sender has left, or the time is up.
 *
 * A connection that is closed with bytes unread is reset, and a proxy that is still sending then never reads the answer.
 */
export function discardBody(request: NodeRequest): Promise<void> {
  return new Promise((resolve) => {
    if (request.readableEnded || request.destroyed) return resolve()
    const settle = (): void => {
      clearTimeout(timer)
      request.off('end', settle).off('close', settle).off('error', settle)
      resolve()
    }
    const timer = setTimeout(settle, LINGER)
    request.on('end', settle).on('close', settle).on('error', settle).resume()
  })
}

/** A request of Node's servers as the session sees it. */
class NodeServerRequest extends LateAbort implements ServerRequest {
  readonly method: string
  readonly url: string
  readonly received: ReceivedBody | undefined = undefined
  readonly #request: NodeRequest
  readonly #parsed: unknown

  constructor(request: NodeRequest, parsed: unknown) {
    super()
    this.method = request.method ?? 'GET'
    this.url = request.url ?? '/'
    this.#request = request
    this.#parsed = parsed
  }

  header(name: string): string | undefined {
    const { headers } = this.#request
    // HTTP/2 has a pseudo-header for it.
    const value = headers[name] ?? (name === 'host' ? headers[':authority'] : undefined)
    return Array.isArray(value) ? value.join(', ') : value
  }

  headers(): Headers {
    return toHeaders(this.#request)
  }

  body(limit: number): Promise<Uint8Array<ArrayBuffer>> {
    const request = this.#request
    return request.readableEnded ? takeParsedBody(request, this.#parsed, limit) : collectBody(request, limit)
  }

  stream(): ReadableStream<Uint8Array> {
    return Readable.toWeb(this.#request) as ReadableStream<Uint8Array>
  }
}

/**
 * A request of Node's servers as the session sees it.
 *
 * @param parsed what a body parser in front, such as Express's, has made of the body, where it has read it.
 */
export function toServerRequest(
  request: NodeRequest,
  response: NodeResponse,
  parsed: unknown = (request as { body?: unknown }).body,
): ServerRequest {
  const serverRequest = new NodeServerRequest(request, parsed)
  // `close` follows every response; before its end it means that the client has left.
  const writable = writableOf(response)
  writable.on('close', () => {
    // An HTTP/2 stream that the client resets counts as finished, too.
    const isCut = 'aborted' in writable ? writable.aborted : !writable.writableFinished
    if (isCut) serverRequest.abort()
  })
  return serverRequest
}

function toHeaders({ rawHeaders }: NodeRequest): Headers {
  const headers = new Headers()
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const [name = '', value = ''] = rawHeaders.slice(index, index + 2)
    // HTTP/2 has its pseudo-headers in the same list.
    if (!name.startsWith(':')) headers.append(name, value)
  }
  return headers
}

async function takeParsedBody(request: NodeRequest, parsed: unknown, limit: number): Promise<Uint8Array<ArrayBuffer>> {
  const body = parsed ?? ''
  const isForm = request.headers['content-type']?.startsWith('application/x-www-form-urlencoded')
  const format = isForm ? formatForm : JSON.stringify
  const bytes: Buffer<ArrayBuffer> = Buffer.from(
    body instanceof Uint8Array || typeof body === 'string' ? (body as string) : format(body),
  )
  if (bytes.length > limit) throw bodyTooLarge(limit)
  return bytes
}

function formatForm(body: object): string {
  return new URLSearchParams(formatBrackets(body).map(([key, value]) => [key, String(value)])).toString()
}

function collectBody(request: NodeRequest, limit: number): Promise<Uint8Array<ArrayBuffer>> {
  return new Promise((resolve, reject) => {
    if (Number(request.headers['content-length']) > limit) return reject(bodyTooLarge(limit))
    const chunks: Buffer[] = []
    let size = 0
    const onData = (chunk: Buffer): void => {
      size += chunk.length
      chunks.push(chunk)
      if (size <= limit) return
      request.off('data', onData)
      chunks.length = 0
      reject(bodyTooLarge(limit))
    }
    const onEnd = (): void =>
      resolve((chunks.length === 1 ? chunks[0] : Buffer.concat(chunks)) as Uint8Array<ArrayBuffer>)
    const onClose = (): void => {
      if (!request.readableEnded) {
        reject(new RPCError('CLIENT_CLOSED_REQUEST', { message: 'The client left while sending' }))
      }
    }
    // They go with the request.
    request.on('data', onData).on('end', onEnd).on('close', onClose).on('error', onClose)
  })
}
