export type { HandleOptions, RPCHandlerOptions } from '../../session/rpc-session.ts'
export type { HandlerInterceptor, HandlerInterceptorOptions } from '../../session/serve-request.ts'
export { type FetchHandleResult, RPCHandler } from '../../transport/fetch/rpc-handler.ts'
