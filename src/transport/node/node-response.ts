import { once } from 'node:events'
import type { ServerResponse as NodeResponse, OutgoingHttpHeaders } from 'node:http'
import { EventStreamBody, type EventStreamSink } from '../../session/event-stream-body.ts'
import type { ServerResponse } from '../../session/server-request.ts'

/** Sends an answer. Resolves when it has been sent or the client has left; never rejects. */
export async function sendResponse(response: NodeResponse, { status, headers, body }: ServerResponse): Promise<void> {
  // A client that leaves mid-write is no error of the server's; `close` tells whoever waits.
  response.on('error', () => {})
  // What is left of the body would otherwise be read to its end for the sake of the next request.
  if (!response.req.complete && response.req.httpVersionMajor < 2) response.setHeader('connection', 'close')

  const head = headers as OutgoingHttpHeaders
  if (body instanceof EventStreamBody) {
    response.writeHead(status, head)
    await body.pipe(toSink(response))
    response.end()
  } else if (body === undefined) {
    response.writeHead(status, head).end()
  } else if (body instanceof FormData) {
    const form = new Response(body)
    response.writeHead(status, { ...head, 'content-type': form.headers.get('content-type') ?? '' })
    response.end(Buffer.from(await form.arrayBuffer()))
  } else {
    response.writeHead(status, { ...head, 'content-length': Buffer.byteLength(body) }).end(body)
  }
  await closed(response)
}

function toSink(response: NodeResponse): EventStreamSink {
  return {
    write: (text) => void response.write(text),
    get full() {
      return response.writableNeedDrain
    },
    drained: () =>
      new Promise((resolve) => {
        const settle = (): void => {
          response.off('drain', settle).off('close', settle)
          resolve()
        }
        if (response.closed) resolve()
        else response.on('drain', settle).on('close', settle)
      }),
  }
}

async function closed(response: NodeResponse): Promise<void> {
  if (!response.closed) await once(response, 'close').catch(() => {})
}
