import { toServerRequest } from '../../node/node-request.ts'
import type { Context } from '../../server/middleware.ts'
import type { InferRouterContext, Router } from '../../server/router.ts'
import { createRPCSession, type HandleOptions, type RPCHandlerOptions } from '../../session/rpc-session.ts'
import { type RequestSession, serveRequest } from '../../session/serve-request.ts'
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
export class RPCHandler<R extends Router> {
  readonly #session: RequestSession

  constructor(router: R, options: RPCHandlerOptions = {}) {
    this.#session = createRPCSession(router, options)
  }

  /**
   * Answers the request if it asks for a procedure; otherwise touches nothing and says `{ matched: false }`.
   *
   * Resolves when the answer has been sent, a stream's with its end, or when the client has left. Never rejects.
   */
  async handle(
    request: FastifyRequest,
    reply: FastifyReply,
    ...[options]: HandleOptions<InferRouterContext<R> & Context>
  ): Promise<{ readonly matched: boolean }> {
    const prefix = options?.prefix ?? ''
    const context = options?.context ?? {}
    const serverRequest = toServerRequest(request.raw, reply.raw, request.body)
    const answer = await serveRequest(this.#session, { request: serverRequest, prefix, context })
    if (answer === undefined) return { matched: false }
    await sendReply(reply, answer)
    return { matched: true }
  }
}
