import type { Context } from '../server/middleware.ts'
import type { Router } from '../server/router.ts'
import { type CustomSerializer, Serializer } from '../wire/serializer.ts'
import { Drain } from './drain.ts'
import { RPCCodec } from './rpc-codec.ts'
import type { HandlerInterceptor, HandlerPlugin, RequestSession } from './serve-request.ts'

/** What every handler of the RPC protocol can be told. */
export interface RPCHandlerOptions {
  /** Steps around every call, the first one outermost. */
  readonly interceptors?: readonly HandlerInterceptor[] | undefined
  readonly plugins?: readonly HandlerPlugin[] | undefined
  /** Longest silence of a stream, in ms: then a comment or the stream's position is sent. Default 15,000. */
  readonly heartbeat?: number | undefined
  /** Largest request body, in bytes. More is `PAYLOAD_TOO_LARGE`. Default 1 MiB. */
  readonly maxBodySize?: number | undefined
  /** Types of your own on the wire; the clients need the same. */
  readonly customSerializers?: readonly CustomSerializer[] | undefined
}

/** What a handler is told with each request. The context may be left out where the router needs none. */
export type HandleOptions<InitialContext extends Context> =
  Record<never, never> extends InitialContext
    ? [options?: { readonly prefix?: `/${string}` | undefined; readonly context?: InitialContext | undefined }]
    : [options: { readonly prefix?: `/${string}` | undefined; readonly context: InitialContext }]

/** The request session of the RPC protocol, for a transport to feed. */
export function createRPCSession(router: Router, options: RPCHandlerOptions): RequestSession {
  const { interceptors = [], plugins = [], heartbeat = 15_000, maxBodySize = 1024 * 1024, customSerializers } = options
  const serializer = new Serializer({ customSerializers })
  return {
    codec: new RPCCodec({ router, serializer, maxBodySize }),
    requestInterceptors: plugins.flatMap(({ requestInterceptor }) => requestInterceptor ?? []),
    interceptors: [...interceptors, ...plugins.flatMap(({ interceptor }) => interceptor ?? [])],
    heartbeat,
    drain: new Drain(),
    maxBodySize,
  }
}
