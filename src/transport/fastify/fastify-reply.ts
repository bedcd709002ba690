import { PassThrough } from 'node:stream'
import { discardBody, hasUnreadBody, type NodeRequest, type NodeResponse, writableOf } from '../../node/node-request.ts'
import { toSink, written } from '../../node/writable.ts'
import { EventStreamBody } from '../../session/event-stream-body.ts'
import type { ServerResponse } from '../../session/server-request.ts'

/** What is needed of Fastify's request. */
export interface FastifyRequest {
  readonly raw: NodeRequest
  readonly body: unknown
}

/** What is needed of Fastify's reply. */
export interface FastifyReply {
  readonly raw: NodeResponse
  code(status: number): unknown
  headers(headers: Record<string, string | string[]>): unknown
  send(payload: unknown): unknown
}

/**
 * Sends an answer like any other of Fastify's: through its hooks, with the headers that they have set.
 *
 * Resolves when it has been sent or the client has left; never rejects.
 */
export async function sendReply(reply: FastifyReply, { status, headers, body }: ServerResponse): Promise<void> {
  const isUnread = hasUnreadBody(reply.raw.req)
  if (isUnread) reply.headers({ connection: 'close' })
  reply.code(status)
  reply.headers(headers as Record<string, string | string[]>)
  if (body instanceof EventStreamBody) {
    const stream = new PassThrough()
    reply.send(stream)
    await body.pipe(toSink(stream))
    stream.end()
  } else {
    // Fastify ends the answer itself, and with it the connection: what is still being sent has to come in before.
    if (isUnread && reply.raw.req.headers['content-length'] !== undefined) await discardBody(reply.raw.req)
    // As a `Response` a form brings its boundary with it.
    reply.send(body instanceof FormData || body instanceof Blob ? new Response(body, { status }) : body)
  }
  await written(writableOf(reply.raw))
}
