export type { LinkInterceptor, LinkInterceptorOptions, LinkPlugin } from '../../session/call-link.ts'
export type { OutgoingRequest, PerRequest, RequestInterceptor } from '../../session/request-sender.ts'
export { OpenAPILink, type OpenAPILinkOptions } from '../../transport/fetch/openapi-link.ts'
export { RPCLink, type RPCLinkOptions } from '../../transport/fetch/rpc-link.ts'
