export type { HandleOptions, RPCHandlerOptions } from '../../session/rpc-session.ts'
export type { HandlerInterceptor, HandlerInterceptorOptions } from '../../session/serve-request.ts'
export type { FastifyReply, FastifyRequest } from '../../transport/fastify/fastify-reply.ts'
export { RPCHandler } from '../../transport/fastify/rpc-handler.ts'
