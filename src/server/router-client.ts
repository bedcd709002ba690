import { createClientProxy } from '../contract/client-proxy.ts'
import { onAbort } from '../core/abort.ts'
import { RPCError } from '../core/error.ts'
import { isEventSource } from '../event/event-iterator.ts'
import { mapEventIterator } from '../event/map-event-iterator.ts'
import { type ContextOptions, callLocally } from './implemented-procedure.ts'
import type { Context } from './middleware.ts'
import { findProcedure, type InferRouterContext, type Router, type RouterClient } from './router.ts'

/**
 * The typed client of a router in this process: no network, no encoding. Who leaves a stream aborts its handler's signal,
 * as clients do that are far away.
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
    const left = new AbortController()
    const unfollow = onAbort(signal, () => left.abort(signal?.reason))
    let output: unknown
    try {
      output = await callLocally(procedure, input, { signal: left.signal, lastEventId, onGap, context, path })
    } finally {
      if (!isEventSource(output)) unfollow()
    }
    const leave = (): void => {
      unfollow()
      left.abort()
    }
    return isEventSource(output) ? mapEventIterator(output, { finally: leave }) : output
  })
  return client as RouterClient<R>
}
