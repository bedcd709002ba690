import type { IncomingMessage, ServerResponse as NodeResponse } from 'node:http'
import { Readable } from 'node:stream'
import { RPCError } from '../../core/error.ts'
import type { ServerRequest } from '../../session/server-request.ts'

/** A request of `node:http` as the session sees it. */
export function toServerRequest(request: IncomingMessage, response: NodeResponse): ServerRequest {
  const controller = new AbortController()
  // `close` follows every response; before its end it means that the client has left.
  response.once('close', () => {
    if (!response.writableFinished) controller.abort()
  })
  return {
    method: request.method ?? 'GET',
    url: request.url ?? '/',
    header(name) {
      const value = request.headers[name]
      return Array.isArray(value) ? value.join(', ') : value
    },
    headers: () => toHeaders(request),
    body: (limit) => readBody(request, limit),
    stream: () => Readable.toWeb(request) as ReadableStream<Uint8Array>,
    signal: controller.signal,
  }
}

function toHeaders({ headersDistinct }: IncomingMessage): Headers {
  const headers = new Headers()
  for (const [name, values = []] of Object.entries(headersDistinct)) {
    for (const value of values) if (!name.startsWith(':')) headers.append(name, value)
  }
  return headers
}

function readBody(request: IncomingMessage, limit: number): Promise<Uint8Array<ArrayBuffer>> {
  return new Promise((resolve, reject) => {
    const tooLarge = new RPCError('PAYLOAD_TOO_LARGE', { message: `The body has more than ${limit} bytes` })
    if (Number(request.headers['content-length']) > limit) return reject(tooLarge)
    const chunks: Buffer[] = []
    let size = 0
    const settle = (finish: () => void) => (): void => {
      request.off('data', onData).off('end', onEnd).off('close', onClose).off('error', onClose)
      finish()
    }
    const onData = (chunk: Buffer): void => {
      size += chunk.length
      if (size > limit) settle(() => reject(tooLarge))()
      else chunks.push(chunk)
    }
    const onEnd = settle(() => resolve(Buffer.concat(chunks) as Uint8Array<ArrayBuffer>))
    const onClose = settle(() =>
      reject(new RPCError('CLIENT_CLOSED_REQUEST', { message: 'The client left while sending' })),
    )
    request.on('data', onData).on('end', onEnd).on('close', onClose).on('error', onClose)
  })
}
