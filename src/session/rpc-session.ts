import type { Router } from '../server/router.ts'
import { type CustomSerializer, Serializer } from '../wire/serializer.ts'
import { createSession, DEFAULT_MAX_BODY_SIZE, type RequestHandlerOptions } from './request-handler.ts'
import { RPCCodec } from './rpc-codec.ts'
import type { RequestSession } from './serve-request.ts'

/** What every handler of the RPC protocol can be told. */
export interface RPCHandlerOptions extends RequestHandlerOptions {
  /** Types of your own on the wire; the clients need the same. */
  readonly customSerializers?: readonly CustomSerializer[] | undefined
}

/** The request session of the RPC protocol. */
export function createRPCSession(router: Router, options: RPCHandlerOptions): RequestSession {
  const { maxBodySize = DEFAULT_MAX_BODY_SIZE, customSerializers } = options
  const serializer = new Serializer({ customSerializers })
  return createSession(new RPCCodec({ router, serializer, maxBodySize }), options)
}
