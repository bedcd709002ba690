import { RPCError, toRPCError } from '../core/error.ts'
import type { SchemaConverter } from '../openapi/json-schema.ts'
import type { Publisher } from '../publisher/publisher.ts'
import { implement } from '../server/implement.ts'
import type { Router } from '../server/router.ts'
import type { SessionMonitor } from '../session/monitor.ts'
import { RPCCodec } from '../session/rpc-codec.ts'
import { createRPCSession } from '../session/rpc-session.ts'
import {
  encodeError,
  type HandlerInterceptor,
  type HandlerPlugin,
  type IncomingCall,
  type IncomingInterceptor,
  type RequestSession,
  serveRequest,
} from '../session/serve-request.ts'
import type { ServerResponse } from '../session/server-request.ts'
import { inspectRouter } from './inspect-router.ts'
import { inspectorContract } from './inspector-contract.ts'
import { assertAllowed, type InspectorGuard } from './inspector-guard.ts'
import { page } from './page.generated.ts'
import { Sampler } from './sampler.ts'
import { WorkMonitor } from './work-monitor.ts'

export interface InspectorPluginOptions {
  /** The publishers whose channels are shown, by names of your choice. */
  readonly publishers?: { readonly [name: string]: Publisher<any, any> } | undefined
  /**
   * Who may see it, and so call everything. Default: everybody on localhost while `NODE_ENV` is `development` or `test`,
   * nobody otherwise.
   */
  readonly allow?: InspectorGuard | undefined
  /** Where the page stands: at the root of what the handler is given, and behind its prefix. Default `'/inspector'`. */
  readonly path?: `/${string}` | undefined
  /** What it is an inspector of. Default `'Headwater'`. */
  readonly title?: string | undefined
  /** Describe schemas that do not describe themselves. */
  readonly schemaConverters?: readonly SchemaConverter[] | undefined
}

/**
 * Serves a page that shows what a server does, and lets you do it: procedures to call, streams to open, cut and resume,
 * channels and connections as they stand. Procedures at the same paths win.
 *
 * Give it to all handlers of the router, so that it sees them all: the page is served by those of HTTP.
 *
 * @example
 * const inspector = new InspectorPlugin(router, { publishers: { chat: publisher } })
 * const handler = new RPCHandler(router, { plugins: [inspector] })
 */
export class InspectorPlugin implements HandlerPlugin {
  readonly #router: Router
  readonly #options: InspectorPluginOptions
  readonly #path: string
  readonly #work = new WorkMonitor()
  readonly #data: RequestSession
  readonly monitor: SessionMonitor = this.#work

  constructor(router: Router, options: InspectorPluginOptions = {}) {
    const { publishers = {}, path = '/inspector' } = options
    this.#router = router
    this.#options = options
    this.#path = path.replace(/\/+$/, '')
    const sampler = new Sampler(new Map(Object.entries(publishers)), this.#work)
    const api = implement(inspectorContract)
    const own = api.router({
      inspect: api.inspect.handler(() => this.#inspect()),
      samples: api.samples.handler(({ signal, lastEventId }) => sampler.subscribe(signal, lastEventId)),
    })
    this.#data = createRPCSession(own, {})
  }

  readonly interceptor: HandlerInterceptor = ({ path, next }) => this.#work.count(path, next)

  readonly requestInterceptor: IncomingInterceptor = async (incoming) => {
    const { request, context, prefix, session, next } = incoming
    const asked = this.#locate(request.url, prefix)
    if (asked === undefined) return next()
    const response = await next()
    if (response !== undefined && response.status !== 405) return response
    const { base, rest } = asked
    const isPage = rest === '' || rest === '/'
    try {
      await assertAllowed(this.#options.allow, { request, context })
    } catch (error) {
      return isPage ? refuse(toRPCError(error)) : encodeError(this.#data.codec, error)
    }
    if (isPage) return servePage(request.method)
    // Its streams are part of the handler's drain.
    const data = { ...this.#data, drain: session.drain }
    if (rest.startsWith('/data/')) return serve(data, incoming, `${base}/data`)
    if (rest.startsWith('/call/')) return serve(this.#callSession(session), incoming, `${base}/call`)
    return response
  }

  /** Where under the inspector a URL leads, if it does. */
  #locate(url: string, prefix: string): { readonly base: string; readonly rest: string } | undefined {
    const [pathname = ''] = url.split('?', 1)
    for (const base of [this.#path, `${prefix}${this.#path}`]) {
      const rest = pathname.slice(base.length)
      if (pathname.startsWith(base) && (rest === '' || rest.startsWith('/'))) return { base, rest }
    }
    return undefined
  }

  async #inspect() {
    const { title = 'Headwater', schemaConverters = [] } = this.#options
    return { title, ...(await inspectRouter(this.#router, schemaConverters)) }
  }

  /** The handler's own session, interceptors and all, over the RPC protocol: that is what the page speaks. */
  #callSession(session: RequestSession): RequestSession {
    const { codec, requestInterceptors, maxBodySize } = session
    const behind = requestInterceptors.indexOf(this.requestInterceptor) + 1
    return {
      ...session,
      codec: codec instanceof RPCCodec ? codec : createRPCSession(this.#router, { maxBodySize }).codec,
      requestInterceptors: requestInterceptors.slice(behind),
    }
  }
}

function serve(
  session: RequestSession,
  { request, context }: IncomingCall,
  prefix: string,
): Promise<ServerResponse | undefined> {
  return serveRequest(session, { request, context, prefix })
}

function servePage(method: string): ServerResponse {
  if (method !== 'GET' && method !== 'HEAD') {
    return refuse(new RPCError('METHOD_NOT_SUPPORTED', { message: 'The inspector is a page: GET it' }))
  }
  return {
    status: 200,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': page.policy,
      ...PRIVATE_HEADERS,
    },
    body: page.html,
  }
}

const PRIVATE_HEADERS = {
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
}

function refuse({ status, message }: RPCError): ServerResponse {
  return {
    status,
    headers: {
      'content-type': 'text/plain; charset=utf-8',
      ...PRIVATE_HEADERS,
      ...(status === 401 ? { 'www-authenticate': 'Basic realm="inspector", charset="UTF-8"' } : {}),
    },
    body: message,
  }
}
