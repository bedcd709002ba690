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
export async function sendResponse(response: NodeResponse, { status, headers, body }: ServerResponse): Promise<void> {
  // A client that leaves mid-write is no error of the server's; `close` tells whoever waits.
  const writable = writableOf(response)
  writable.on('error', ignore)
  const isUnread = hasUnreadBody(response.req)
  if (isUnread) response.setHeader('connection', 'close')

  const head = headers as OutgoingHttpHeaders
  if (typeof body === 'string' || body instanceof Uint8Array) {
    response.writeHead(status, withLength(head, Buffer.byteLength(body)))
    // A stream as input may go on for ever.
    if (isUnread && response.req.headers['content-length'] !== undefined) {
      // Its length says where the answer ends: the client has it while the connection stays open for the rest of the body.
      ;(response as HttpResponse).write(body)
      await discardBody(response.req)
      response.end()
    } else response.end(body)
  } else if (body instanceof EventStreamBody) {
    response.writeHead(status, head)
    const socket = chunkedSocket(response)
    await body.pipe(socket === undefined ? toSink(writable) : toSink(socket, toChunk))
    response.end()
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
    await pipeline(Readable.fromWeb(body.stream() as ReadableStream), writable).catch(() => {})
  }
  await written(writable)
}

/** The headers with one more. In a literal a property behind a spread would cost more than all else here. */
function withLength(headers: OutgoingHttpHeaders, length: number): OutgoingHttpHeaders {
  const more: OutgoingHttpHeaders = Object.assign({}, headers)
  more['content-length'] = length
  return more
}

function ignore(): void {}
