import { OpenAPIRequestHandler } from '../../openapi/openapi-session.ts'
import type { Context } from '../../server/middleware.ts'
import type { InferRouterContext, Router } from '../../server/router.ts'
import type { HandleOptions } from '../../session/request-handler.ts'
import { toServerRequest } from './fetch-request.ts'
import { toResponse } from './fetch-response.ts'
import type { FetchHandleResult } from './rpc-handler.ts'

/**
 * Serves a router over plain HTTP, by the methods and paths of its routes, wherever a `Request` is answered with a
 * `Response`: Bun, Deno, Workers, Hono, Next route handlers.
 *
 * @example
 * const handler = new OpenAPIHandler(router)
 * Bun.serve({
 *   async fetch(request) {
 *     const { matched, response } = await handler.handle(request, { prefix: '/api' })
 *     return matched ? response : new Response('Not found', { status: 404 })
 *   },
 * })
 */
export class OpenAPIHandler<R extends Router> extends OpenAPIRequestHandler<R> {
  /**
   * Answers the request if there is a procedure at its path. Never rejects.
   *
   * The client's leaving is known from the request's signal and from a stream's body being cancelled: the handler's
   * signal then aborts.
   */
  handle(request: Request, ...[options]: HandleOptions<InferRouterContext<R> & Context>): Promise<FetchHandleResult> {
    const left = new AbortController()
    return this.serve(toServerRequest(request, left), options, (answer) => toResponse(answer, left))
  }
}
