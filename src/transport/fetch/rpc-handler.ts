import type { Context } from '../../server/middleware.ts'
import type { InferRouterContext, Router } from '../../server/router.ts'
import type { DrainOptions } from '../../session/drain.ts'
import { createRPCSession, type HandleOptions, type RPCHandlerOptions } from '../../session/rpc-session.ts'
import { type RequestSession, serveRequest } from '../../session/serve-request.ts'
import { toServerRequest } from './fetch-request.ts'
import { toResponse } from './fetch-response.ts'

/** What became of a request: `response` is there where it asked for a procedure. */
export type FetchHandleResult =
  | { readonly matched: true; readonly response: Response }
  | { readonly matched: false; readonly response: undefined }

/**
 * Serves a router over the RPC protocol wherever a `Request` is answered with a `Response`: Bun, Deno, Workers, Hono,
 * Next route handlers.
 *
 * @example
 * const handler = new RPCHandler(router)
 * Bun.serve({
 *   async fetch(request) {
 *     const { matched, response } = await handler.handle(request, { prefix: '/rpc' })
 *     return matched ? response : new Response('Not found', { status: 404 })
 *   },
 * })
 */
export class RPCHandler<R extends Router> {
  readonly #session: RequestSession

  constructor(router: R, options: RPCHandlerOptions = {}) {
    this.#session = createRPCSession(router, options)
  }

  /**
   * Answers the request if it asks for a procedure. Never rejects.
   *
   * The client's leaving is known from the request's signal and from a stream's body being cancelled: the handler's
   * signal then aborts.
   */
  async handle(
    request: Request,
    ...[options]: HandleOptions<InferRouterContext<R> & Context>
  ): Promise<FetchHandleResult> {
    const prefix = options?.prefix ?? ''
    const context = options?.context ?? {}
    const left = new AbortController()
    const incoming = { request: toServerRequest(request, left), prefix, context }
    const answer = await this.#session.drain.track(serveRequest(this.#session, incoming))
    if (answer === undefined) return { matched: false, response: undefined }
    return { matched: true, response: toResponse(answer, left) }
  }

  /**
   * Lets everybody go on elsewhere, before the process stops: streams are cut, which their clients resume, new ones are
   * refused, calls finish. Stop listening first. Resolves when all is done, or the time is up.
   */
  drain(options?: DrainOptions): Promise<void> {
    return this.#session.drain.start(options)
  }
}
