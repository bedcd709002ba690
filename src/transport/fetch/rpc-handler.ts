import type { Context } from '../../server/middleware.ts'
import type { InferRouterContext, Router } from '../../server/router.ts'
import type { HandleOptions } from '../../session/request-handler.ts'
import { RPCRequestHandler } from '../../session/rpc-request-handler.ts'
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
export class RPCHandler<R extends Router> extends RPCRequestHandler<R> {
  /**
   * Answers the request if it asks for a procedure. Never rejects.
   *
   * The client's leaving is known from the request's signal and from a stream's body being cancelled: the handler's
   * signal then aborts.
   */
  handle(request: Request, ...[options]: HandleOptions<InferRouterContext<R> & Context>): Promise<FetchHandleResult> {
    const left = new AbortController()
    return this.serve(toServerRequest(request, left), options, (answer) => toResponse(answer, left))
  }
}
