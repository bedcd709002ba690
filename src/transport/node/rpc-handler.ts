import { type NodeRequest, type NodeResponse, toServerRequest } from '../../node/node-request.ts'
import type { Context } from '../../server/middleware.ts'
import type { InferRouterContext, Router } from '../../server/router.ts'
import type { DrainOptions } from '../../session/drain.ts'
import { createRPCSession, type HandleOptions, type RPCHandlerOptions } from '../../session/rpc-session.ts'
import { type RequestSession, serveRequest } from '../../session/serve-request.ts'
import { sendResponse } from './node-response.ts'

/**
 * Serves a router over the RPC protocol on a server of `node:http`, `node:https` or `node:http2`.
 *
 * @example
 * const handler = new RPCHandler(router)
 * createServer(async (request, response) => {
 *   const { matched } = await handler.handle(request, response, { prefix: '/rpc' })
 *   if (!matched) response.writeHead(404).end('Not found')
 * }).listen(3000)
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
  handle(
    request: NodeRequest,
    response: NodeResponse,
    ...[options]: HandleOptions<InferRouterContext<R> & Context>
  ): Promise<{ readonly matched: boolean }> {
    return this.#session.drain.track(this.#handle(request, response, options))
  }

  async #handle(
    request: NodeRequest,
    response: NodeResponse,
    options: { readonly prefix?: string | undefined; readonly context?: Context | undefined } | undefined,
  ): Promise<{ readonly matched: boolean }> {
    const prefix = options?.prefix ?? ''
    const context = options?.context ?? {}
    const answer = await serveRequest(this.#session, { request: toServerRequest(request, response), prefix, context })
    if (answer === undefined) return { matched: false }
    await sendResponse(response, answer)
    return { matched: true }
  }

  /**
   * Lets everybody go on elsewhere, before the process stops: streams are cut, which their clients resume, new ones are
   * refused, calls finish. Stop listening first. Resolves when all is done, or the time is up.
   */
  drain(options?: DrainOptions): Promise<void> {
    return this.#session.drain.start(options)
  }
}
