import { writableOf } from '../node/node-request.ts'
import type { Router } from '../server/router.ts'
import type { DrainOptions } from '../session/drain.ts'
import { RPCRequestHandler } from '../session/rpc-request-handler.ts'
import type { RPCHandlerOptions } from '../session/rpc-session.ts'
import type { HandlerInterceptor } from '../session/serve-request.ts'
import { type FastifyReply, sendReply } from '../transport/fastify/fastify-reply.ts'
import { sendResponse } from '../transport/node/node-response.ts'
import type { ControllerCall } from './controller-router.ts'
import { OpenStreams } from './open-streams.ts'
import { type PlatformAdapter, type PlatformRequest, type PlatformResponse, readPlatformRequest } from './platform.ts'

/** What the RPC protocol of a Nest application can be told. */
export interface RPCRoutesOptions extends RPCHandlerOptions {
  /** Where it is served. Nest's global prefix is not put in front of it. Default `/rpc`. */
  readonly prefix?: `/${string}` | undefined
}

/** What is needed of an Express application. */
interface ExpressApp {
  use(handler: (request: any, response: any, next: () => void) => void): unknown
}

/** What is needed of a Fastify instance. */
interface FastifyApp {
  register(plugin: (app: FastifyApp) => Promise<void>): unknown
  removeAllContentTypeParsers(): void
  addContentTypeParser(
    type: string,
    parser: (request: unknown, payload: unknown, done: (error: null) => void) => void,
  ): void
  all(path: string, handler: (request: any, reply: any) => Promise<void>): unknown
}

/** Each call, also one of several in a request, with the request that it is. */
export const asItsOwnRequest: HandlerInterceptor = ({ request, context, next }) =>
  next({ context: { ...context, serverRequest: request } })

/** Serves controllers over the RPC protocol, beside their routes. */
export class RPCRoutes extends RPCRequestHandler<Router<ControllerCall>> {
  readonly #prefix: string
  readonly #open = new OpenStreams()

  constructor(router: Router<ControllerCall>, { prefix = '/rpc', ...options }: RPCRoutesOptions) {
    super(router, { ...options, interceptors: [...(options.interceptors ?? []), asItsOwnRequest] })
    this.#prefix = prefix.replace(/\/+$/, '')
  }

  mount(adapter: PlatformAdapter & { getInstance(): unknown }): void {
    if (adapter.getType() === 'fastify') this.#mountFastify(adapter, adapter.getInstance() as FastifyApp)
    else this.#mountExpress(adapter, adapter.getInstance() as ExpressApp)
  }

  override async drain(options?: DrainOptions): Promise<void> {
    await super.drain(options)
    this.#open.cut()
  }

  #mountExpress(adapter: PlatformAdapter, app: ExpressApp): void {
    app.use(async (request: PlatformRequest, response: PlatformResponse, next) => {
      if (!request.url?.startsWith(`${this.#prefix}/`)) return next()
      if (!(await this.#handle(adapter, request, response))) next()
    })
  }

  #mountFastify(adapter: PlatformAdapter, app: FastifyApp): void {
    app.register(async (rpc) => {
      // Fastify refuses bodies that it has no parser for: this one leaves all of them alone.
      rpc.removeAllContentTypeParsers()
      rpc.addContentTypeParser('*', (_request, _payload, done) => done(null))
      rpc.all(
        `${this.#prefix}/*`,
        async (request: PlatformRequest, reply: PlatformResponse & { callNotFound(): void }) => {
          if (!(await this.#handle(adapter, request, reply))) reply.callNotFound()
        },
      )
    })
  }

  async #handle(adapter: PlatformAdapter, request: PlatformRequest, response: PlatformResponse): Promise<boolean> {
    void this.#open.add(writableOf(response.raw ?? response))
    const serverRequest = readPlatformRequest(request, response, false)
    const context: ControllerCall = { origin: { request, response, serverRequest } }
    const { matched } = await this.serve(serverRequest, { prefix: this.#prefix, context }, async (answer) => {
      // A filter of Nest's may have answered in its own way.
      if (adapter.isHeadersSent(response)) return
      await ('raw' in response
        ? sendReply(response as unknown as FastifyReply, answer)
        : sendResponse(response, answer))
    })
    return matched
  }
}
