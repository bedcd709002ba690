export type { HandleOptions, RPCHandlerOptions } from '../../session/rpc-session.ts'
export type { HandlerInterceptor, HandlerInterceptorOptions } from '../../session/serve-request.ts'
export type { LambdaEvent } from '../../transport/aws-lambda/lambda-event.ts'
export { RPCHandler } from '../../transport/aws-lambda/rpc-handler.ts'
