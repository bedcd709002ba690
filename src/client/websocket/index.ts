export type { LinkInterceptor, LinkInterceptorOptions, LinkPlugin } from '../../session/call-link.ts'
export type { ClientSocket } from '../../transport/websocket/dialer.ts'
export { RPCLink, type RPCLinkOptions, type SocketSource } from '../../transport/websocket/rpc-link.ts'
