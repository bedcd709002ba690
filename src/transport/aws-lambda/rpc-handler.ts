import type { Writable } from 'node:stream'
import type { Context } from '../../server/middleware.ts'
import type { InferRouterContext, Router } from '../../server/router.ts'
import type { HandleOptions } from '../../session/request-handler.ts'
import { RPCRequestHandler } from '../../session/rpc-request-handler.ts'
import { type LambdaEvent, toServerRequest } from './lambda-event.ts'
import { sendResponse } from './lambda-response.ts'

/**
 * Serves a router over the RPC protocol on AWS Lambda, behind a Function URL whose invoke mode is `RESPONSE_STREAM`.
 *
 * @example
 * const rpc = new RPCHandler(router)
 * export const handler = awslambda.streamifyResponse(async (event, responseStream) => {
 *   const { matched } = await rpc.handle(event, responseStream, { prefix: '/rpc' })
 *   if (!matched) responseStream.end('Not found')
 * })
 */
export class RPCHandler<R extends Router> extends RPCRequestHandler<R> {
  /**
   * Answers the event if it asks for a procedure; otherwise touches nothing and says `{ matched: false }`.
   *
   * Resolves when the answer has been sent, a stream's with its end, or when the client has left. Never rejects.
   */
  handle(
    event: LambdaEvent,
    responseStream: Writable,
    ...[options]: HandleOptions<InferRouterContext<R> & Context>
  ): Promise<{ readonly matched: boolean }> {
    const request = toServerRequest(event, responseStream)
    return this.serve(request, options, (answer) => sendResponse(responseStream, answer))
  }
}
