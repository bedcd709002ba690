import type { ExecutionContext } from '@nestjs/common'
import type { Context } from '../server/middleware.ts'
import type { HeadwaterContext } from './headwater-context.ts'

/** A call that Nest's guards have let through, for a context to be made of. */
export interface NestCall {
  /** The platform's request, with what middleware and guards have put on it. Over a WebSocket it is the one that opened it. */
  readonly request: any
  /** The platform's response. Over a WebSocket and in batches it is one that is never sent. */
  readonly response: any
  /** What guards and interceptors get; its type is `http`, or `ws` over a WebSocket. */
  readonly execution: ExecutionContext
}

/** A context, or what makes one of each call. */
export type ContextSource = HeadwaterContext | ((call: NestCall) => HeadwaterContext | Promise<HeadwaterContext>)

/** By default a context has the request. */
export async function createContext(source: ContextSource | undefined, call: NestCall): Promise<Context> {
  if (source === undefined) return { request: call.request }
  return typeof source === 'function' ? source(call) : source
}
