import type { Unchecked } from '../contract/builder.ts'
import { RPCError } from '../core/error.ts'
import { onError } from '../event/lifecycle.ts'
import { os, type ProcedureBuilder } from '../server/builder.ts'
import type { Context } from '../server/middleware.ts'
import type { Procedure } from '../server/procedure.ts'
import type { RPCHandlerOptions } from '../session/rpc-session.ts'
import type { HandlerInterceptor } from '../session/serve-request.ts'
import { type AppContext, provideContext } from './app-context.ts'
import { AppServer, type ListenOptions, type RunningServer } from './app-server.ts'
import { assertName, type NamedProcedures, type RouterOf, routerOf } from './router-of.ts'
import type { AppOpenAPIOptions } from './served.ts'

export interface AppOptions<C extends Context> extends RPCHandlerOptions {
  /** What handlers get as `context`: a value, or a function of the request. */
  readonly context?: AppContext<C> | undefined
  /** Where the procedures are served, over HTTP and WebSocket. Default `/rpc`. */
  readonly prefix?: `/${string}` | undefined
  /** The same procedures as plain HTTP below `/api`, by their routes, with the document at `/api/spec.json`. `false`: not. */
  readonly openapi?: AppOpenAPIOptions | false | undefined
  /** Where a page calls procedures and shows their streams. Default: `/streams`, but nowhere in production. */
  readonly streamsPage?: `/${string}` | boolean | undefined
  /** Pages of which other origins may open WebSockets. For HTTP there is the `CORSPlugin`. Default: none. */
  readonly allowOrigins?: readonly string[] | undefined
  /** Is told of unexpected errors, of which clients learn nothing. Default `console.error`. */
  readonly onError?: ((error: unknown) => void) | undefined
}

/** Where a procedure of an app begins. */
export type Base<C extends Context> = ProcedureBuilder<C, C, Unchecked, Unchecked, Record<never, never>>

/**
 * A whole server from procedures with dotted names. Immutable: every method gives a new app.
 *
 * @example
 * const app = new App({ context: { db } })
 *   .procedure('post.create', (base) => base.input(post).handler(({ input, context }) => context.db.insert(input)))
 *   .procedure('post.live', (base) => base.handler(({ signal }) => posts.subscribe('created', { signal })))
 *   .build()
 * await app.listen(3000)
 * export type Client = RouterClient<typeof app.router>
 */
export class App<C extends Context = Record<never, never>, Named extends NamedProcedures = Record<never, never>> {
  readonly #options: AppOptions<C>
  readonly #named: NamedProcedures

  /** @param named procedures that are there from the start. */
  constructor(options: AppOptions<C> = {}, named: Named = {} as Named) {
    this.#options = options
    this.#named = named
  }

  /**
   * Adds a procedure at `name`: dots make a tree of it.
   *
   * @throws {TypeError} when the name is taken or is none.
   */
  procedure<const Name extends string, P extends Procedure<C>>(
    name: Name extends keyof Named ? never : Name,
    build: (base: Base<C>) => P,
  ): App<C, Named & { readonly [Key in Name]: P }> {
    assertName(name)
    if (Object.hasOwn(this.#named, name)) throw new TypeError(`There is something at '${name}' already`)
    return new App(this.#options, { ...this.#named, [name]: build(os.$context<C>()) }) as never
  }

  /** The app as it is served. */
  build(): BuiltApp<RouterOf<Named>> {
    const { context = {} as C, interceptors = [], onError: report = console.error, ...options } = this.#options
    const reportUnexpected: HandlerInterceptor = onError((error) => {
      if (!(error instanceof RPCError) || error.status >= 500) report(error)
    })
    const all = [reportUnexpected, provideContext(context), ...interceptors]
    // A server that was closed serves nothing any more: each has handlers of its own.
    const createServer = (): AppServer => new AppServer(this.#named, { ...options, interceptors: all })
    const server = createServer()
    return {
      router: routerOf(this.#named) as never,
      fetch: (request) => server.fetch(request),
      listen: (port, options) => createServer().listen(port, options),
    }
  }
}

/** The app under the name that its first users know. */
export { App as Outer }

export interface BuiltApp<R> {
  /** The procedures as a router, for handlers and clients: `RouterClient<typeof app.router>`. */
  readonly router: R
  /** Answers a request, wherever one is answered with a `Response`; 404 for what is none of the app's. */
  fetch(request: Request): Promise<Response>
  /**
   * Listens with `node:http`; WebSockets are served where the package `ws` is installed.
   *
   * @param port 0, the default, for any that is free.
   */
  listen(port?: number, options?: ListenOptions): Promise<RunningServer>
}
