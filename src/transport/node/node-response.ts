import { once } from 'node:events'
import type { OutgoingHttpHeaders } from 'node:http'
import type { Writable } from 'node:stream'
import { EventStreamBody } from '../../session/event-stream-body.ts'
import type { ServerResponse } from '../../session/server-request.ts'
import { SSESink, type TextSink } from '../../session/sse-sink.ts'
import { type NodeResponse, writableOf } from './node-request.ts'

/** Sends an answer. Resolves when it has been sent or the client has left; never rejects. */
export async function sendResponse(response: NodeResponse, { status, headers, body }: ServerResponse): Promise<void> {
  // A client that leaves mid-write is no error of the server's; `close` tells whoever waits.
  const writable = writableOf(response)
  writable.on('error', () => {})
  // What is left of the body would otherwise be read to its end for the sake of the next request.
  if (!response.req.complete && response.req.httpVersionMajor < 2) response.setHeader('connection', 'close')

  const head = headers as OutgoingHttpHeaders
  if (body instanceof EventStreamBody) {
    response.writeHead(status, head)
    await body.pipe(new SSESink(toSink(writable)))
    response.end()
  } else if (body === undefined) {
    response.writeHead(status, head)
    response.end()
  } else if (body instanceof FormData) {
    const form = new Response(body)
    response.writeHead(status, { ...head, 'content-type': form.headers.get('content-type') ?? '' })
    response.end(Buffer.from(await form.arrayBuffer()))
  } else {
    response.writeHead(status, { ...head, 'content-length': Buffer.byteLength(body) })
    response.end(body)
  }
  await closed(writable)
}

function toSink(writable: Writable): TextSink {
  return {
    write: (text) => void writable.write(text),
    get full() {
      return writable.writableNeedDrain
    },
    drained: () =>
      new Promise((resolve) => {
        const settle = (): void => {
          writable.off('drain', settle).off('close', settle)
          resolve()
        }
        if (writable.closed) resolve()
        else writable.on('drain', settle).on('close', settle)
      }),
  }
}

async function closed(writable: Writable): Promise<void> {
  if (!writable.closed) await once(writable, 'close').catch(() => {})
}
