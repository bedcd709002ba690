import type { Context } from '../server/middleware.ts'
import type { Router } from '../server/router.ts'
import type { DrainOptions } from './drain.ts'
import { createRPCSession, type RPCHandlerOptions } from './rpc-session.ts'
import { type RequestSession, serveRequest } from './serve-request.ts'
import type { ServerRequest, ServerResponse } from './server-request.ts'

/** What the handlers of all HTTP transports have in common. */
export class RPCRequestHandler<R extends Router> {
  readonly #session: RequestSession

  constructor(router: R, options: RPCHandlerOptions = {}) {
    this.#session = createRPCSession(router, options)
  }

  /**
   * Lets everybody go on elsewhere, before the process stops: streams are cut, which their clients resume, new ones are
   * refused, calls finish. Stop listening first. Resolves when all is done, or the time is up.
   */
  drain(options?: DrainOptions): Promise<void> {
    return this.#session.drain.start(options)
  }

  /** What `send` makes of the answer, or `undefined` where the request asks for no procedure. Never rejects by itself. */
  protected serve<Sent>(
    request: ServerRequest,
    options: { readonly prefix?: string | undefined; readonly context?: Context | undefined } = {},
    send: (answer: ServerResponse) => Sent | Promise<Sent>,
  ): Promise<Sent | undefined> {
    const { prefix = '', context = {} } = options
    const answer = async (): Promise<Sent | undefined> => {
      const response = await serveRequest(this.#session, { request, prefix, context })
      return response && send(response)
    }
    return this.#session.drain.track(answer())
  }
}
