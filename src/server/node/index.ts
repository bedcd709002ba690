export type { HandleOptions } from '../../session/request-handler.ts'
export type { RPCHandlerOptions } from '../../session/rpc-session.ts'
export type { HandlerInterceptor, HandlerInterceptorOptions } from '../../session/serve-request.ts'
export { RPCHandler } from '../../transport/node/rpc-handler.ts'
