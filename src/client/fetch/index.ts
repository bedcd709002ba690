export type { LinkInterceptor, LinkInterceptorOptions, LinkPlugin } from '../../session/call-link.ts'
export type { OutgoingRequest, PerRequest, RequestInterceptor } from '../../session/request-sender.ts'
export { RPCLink, type RPCLinkOptions } from '../../transport/fetch/rpc-link.ts'
