export type { HandleOptions, RPCHandlerOptions } from '../../session/rpc-session.ts'
export type { HandlerInterceptor, HandlerInterceptorOptions } from '../../session/serve-request.ts'
export { RPCHandler } from '../../transport/node/rpc-handler.ts'
