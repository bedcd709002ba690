import { type NodeRequest, type NodeResponse, toServerRequest } from '../../node/node-request.ts'
import { OpenAPIRequestHandler } from '../../openapi/openapi-session.ts'
import type { Context } from '../../server/middleware.ts'
import type { InferRouterContext, Router } from '../../server/router.ts'
import type { HandleOptions } from '../../session/request-handler.ts'
import { sendResponse } from './node-response.ts'

/**
 * Serves a router over plain HTTP, by the methods and paths of its routes, on a server of `node:http`, `node:https` or
 * `node:http2`.
 *
 * @example
 * const handler = new OpenAPIHandler(router)
 * createServer(async (request, response) => {
 *   const { matched } = await handler.handle(request, response, { prefix: '/api' })
 *   if (!matched) response.writeHead(404).end('Not found')
 * }).listen(3000)
 */
export class OpenAPIHandler<R extends Router> extends OpenAPIRequestHandler<R> {
  /**
   * Answers the request if there is a procedure at its path; otherwise touches nothing and says `{ matched: false }`.
   *
   * Resolves when the answer has been sent, a stream's with its end, or when the client has left. Never rejects.
   */
  handle(
    request: NodeRequest,
    response: NodeResponse,
    ...[options]: HandleOptions<InferRouterContext<R> & Context>
  ): Promise<{ readonly matched: boolean }> {
    const serverRequest = toServerRequest(request, response)
    return this.serve(serverRequest, options, (answer) => sendResponse(response, answer))
  }
}
