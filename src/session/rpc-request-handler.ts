import type { Router } from '../server/router.ts'
import { RequestHandler } from './request-handler.ts'
import { createRPCSession, type RPCHandlerOptions } from './rpc-session.ts'

/** What the handlers of the RPC protocol have in common. */
export class RPCRequestHandler<R extends Router> extends RequestHandler {
  constructor(router: R, options: RPCHandlerOptions = {}) {
    super(createRPCSession(router, options))
  }
}
