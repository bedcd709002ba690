import type { Context } from '../server/middleware.ts'
import type { Codec } from './codec.ts'
import { Drain, type DrainOptions } from './drain.ts'
import { joinMonitors } from './monitor.ts'
import { type HandlerInterceptor, type HandlerPlugin, type RequestSession, serveRequest } from './serve-request.ts'
import type { ServerRequest, ServerResponse } from './server-request.ts'

/** What every handler of requests can be told. */
export interface RequestHandlerOptions {
  /** Steps around every call, the first one outermost. */
  readonly interceptors?: readonly HandlerInterceptor[] | undefined
  readonly plugins?: readonly HandlerPlugin[] | undefined
  /** Longest silence of a stream, in ms: then a comment or the stream's position is sent. Default 15,000. */
  readonly heartbeat?: number | undefined
  /** Largest request body, in bytes. More is `PAYLOAD_TOO_LARGE`. Default 1 MiB. */
  readonly maxBodySize?: number | undefined
}

/** What a handler is told with each request. The context may be left out where the router needs none. */
export type HandleOptions<InitialContext extends Context> =
  Record<never, never> extends InitialContext
    ? [options?: { readonly prefix?: `/${string}` | undefined; readonly context?: InitialContext | undefined }]
    : [options: { readonly prefix?: `/${string}` | undefined; readonly context: InitialContext }]

export const DEFAULT_MAX_BODY_SIZE: number = 1024 * 1024

/** The request session of a protocol, for a transport to feed. */
export function createSession(codec: Codec, options: RequestHandlerOptions): RequestSession {
  const { interceptors = [], plugins = [], heartbeat = 15_000, maxBodySize = DEFAULT_MAX_BODY_SIZE } = options
  return {
    codec,
    requestInterceptors: plugins.flatMap(({ requestInterceptor }) => requestInterceptor ?? []),
    interceptors: [...interceptors, ...plugins.flatMap(({ interceptor }) => interceptor ?? [])],
    inputMaps: plugins.flatMap(({ mapInput }) => mapInput ?? []),
    heartbeat,
    drain: new Drain(),
    monitor: joinMonitors(plugins.flatMap(({ monitor }) => monitor ?? [])),
    maxBodySize,
  }
}

/** Whether a request was for a handler, and what was sent in that case. */
export type Handled<Response> =
  | { readonly matched: true; readonly response: Response }
  | { readonly matched: false; readonly response: undefined }

/** What the handlers of all HTTP transports have in common. */
export class RequestHandler {
  readonly #session: RequestSession

  constructor(session: RequestSession) {
    this.#session = session
  }

  /**
   * Lets everybody go on elsewhere, before the process stops: streams are cut, which their clients resume, new ones are
   * refused, calls finish. Stop listening first. Resolves when all is done, or the time is up.
   */
  drain(options?: DrainOptions): Promise<void> {
    return this.#session.drain.start(options)
  }

  /** Answers the request by what `send` makes of the answer, if it asks for a procedure. Never rejects by itself. */
  protected async serve<Response>(
    request: ServerRequest,
    options: { readonly prefix?: string | undefined; readonly context?: Context | undefined } = {},
    send: (answer: ServerResponse) => Response | Promise<Response>,
  ): Promise<Handled<Response>> {
    const { prefix = '', context = {} } = options
    const { drain } = this.#session
    drain.begin()
    try {
      const answer = await serveRequest(this.#session, { request, prefix, context })
      return answer === undefined ? NOT_MATCHED : { matched: true, response: await send(answer) }
    } finally {
      drain.end()
    }
  }
}

const NOT_MATCHED = { matched: false, response: undefined } as const
