import type { ServerResponse as HttpResponse, OutgoingHttpHeaders } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ReadableStream } from 'node:stream/web'
import { chunkedSocket, toChunk } from '../../node/chunked-socket.ts'
import { discardBody, hasUnreadBody, type NodeResponse, writableOf } from '../../node/node-request.ts'
import { toSink, written } from '../../node/writable.ts'
import { EventStreamBody } from '../../session/event-stream-body.ts'
import type { ServerResponse } from '../../session/server-request.ts'

/** Sends an answer. Resolves when it has been sent or the client has left; never rejects. */
export function sendResponse(response: NodeResponse, answer: ServerResponse): Promise<void> {
  // A client that leaves mid-write is no error of the server's; `close` tells whoever waits.
  const writable = writableOf(response)
  writable.on('error', ignore)
  if (hasUnreadBody(response.req)) response.setHeader('connection', 'close')
  const { body } = answer
  if (body instanceof EventStreamBody) return sendStream(response, answer, body)
  return sendWhole(response, answer)
}

/** Holds nothing for as long as the stream is open: that may be for hours. */
function sendStream(response: NodeResponse, { status, headers }: ServerResponse, body: EventStreamBody): Promise<void> {
  const writable = writableOf(response)
  response.writeHead(status, headers as OutgoingHttpHeaders)
  const socket = chunkedSocket(response)
  return body.pipe(socket === undefined ? toSink(writable) : toSink(socket, toChunk)).then(() => {
    response.end()
    return written(writable)
  })
}

async function sendWhole(response: NodeResponse, { status, headers, body }: ServerResponse): Promise<void> {
  const head = headers as OutgoingHttpHeaders
  if (typeof body === 'string' || body instanceof Uint8Array) {
    response.writeHead(status, withLength(head, Buffer.byteLength(body)))
    // A stream as input may go on for ever.
    if (hasUnreadBody(response.req) && response.req.headers['content-length'] !== undefined) {
      // Its length says where the answer ends: the client has it while the connection stays open for the rest of the body.
      ;(response as HttpResponse).write(body)
      await discardBody(response.req)
      response.end()
    } else response.end(body)
  } else if (body === undefined) {
    response.writeHead(status, head)
    response.end()
  } else if (body instanceof FormData) {
    const form = new Response(body)
    response.writeHead(status, { ...head, 'content-type': form.headers.get('content-type') ?? '' })
    response.end(Buffer.from(await form.arrayBuffer()))
  } else {
    response.writeHead(status, head)
    // It may be larger than memory: it is read as fast as the client takes it.
    const stream = Readable.fromWeb((body as Blob).stream() as ReadableStream)
    await pipeline(stream, writableOf(response)).catch(() => {})
  }
  await written(writableOf(response))
}

/** The headers with one more. In a literal a property behind a spread would cost more than all else here. */
function withLength(headers: OutgoingHttpHeaders, length: number): OutgoingHttpHeaders {
  const more: OutgoingHttpHeaders = Object.assign({}, headers)
  more['content-length'] = length
  return more
}

function ignore(): void {}
