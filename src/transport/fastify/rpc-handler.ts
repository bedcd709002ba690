import { toServerRequest } from '../../node/node-request.ts'
import type { Context } from '../../server/middleware.ts'
import type { InferRouterContext, Router } from '../../server/router.ts'
import type { HandleOptions } from '../../session/request-handler.ts'
import { RPCRequestHandler } from '../../session/rpc-request-handler.ts'
import { type FastifyReply, type FastifyRequest, sendReply } from './fastify-reply.ts'

/**
 * Serves a router over the RPC protocol in a Fastify app.
 *
 * Fastify refuses bodies that it has no parser for: give it one for `*` that leaves them alone.
 *
 * @example
 * const handler = new RPCHandler(router)
 * app.addContentTypeParser('*', (request, payload, done) => done(null))
 * app.all('/rpc/*', async (request, reply) => {
 *   const { matched } = await handler.handle(request, reply, { prefix: '/rpc' })
 *   if (!matched) reply.callNotFound()
 * })
 */
export class RPCHandler<R extends Router> extends RPCRequestHandler<R> {
  /**
   * Answers the request if it asks for a procedure; otherwise touches nothing and says `{ matched: false }`.
   *
   * Resolves when the answer has been sent, a stream's with its end, or when the client has left. Never rejects.
   */
  handle(
    request: FastifyRequest,
    reply: FastifyReply,
    ...[options]: HandleOptions<InferRouterContext<R> & Context>
  ): Promise<{ readonly matched: boolean }> {
    const serverRequest = toServerRequest(request.raw, reply.raw, request.body)
    return this.serve(serverRequest, options, (answer) => sendReply(reply, answer))
  }
}
