export type { RPCHandlerOptions } from '../../session/rpc-session.ts'
export type { HandlerInterceptor, HandlerInterceptorOptions } from '../../session/serve-request.ts'
export { type HandleOptions, RPCHandler } from '../../transport/node/rpc-handler.ts'
