import { createClientProxy } from '../contract/client-proxy.ts'
import { RPCError } from '../core/error.ts'
import { type ContextOptions, callLocally } from './implemented-procedure.ts'
import type { Context } from './middleware.ts'
import { findProcedure, type InferRouterContext, type Router, type RouterClient } from './router.ts'

/**
 * The typed client of a router in this process: no network, no encoding.
 *
 * @throws {RPCError} `NOT_FOUND` from a call of what the router does not have.
 * @example
 * const client = createRouterClient(router, { context: { db } })
 */
export function createRouterClient<R extends Router>(
  router: R,
  ...[options]: ContextOptions<InferRouterContext<R> & Context, unknown>
): RouterClient<R> {
  const context = options?.context
  const client = createClientProxy(async (path, input, { signal, lastEventId, onGap }) => {
    const procedure = await findProcedure(router, path)
    if (procedure === undefined) throw new RPCError('NOT_FOUND', { message: `No procedure at ${path.join('.')}` })
    return callLocally(procedure, input, { signal, lastEventId, onGap, context, path })
  })
  return client as RouterClient<R>
}
