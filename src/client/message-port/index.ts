export type { LinkInterceptor, LinkInterceptorOptions, LinkPlugin } from '../../session/call-link.ts'
export type { EmitterPort, EventPort, ExtensionPort, PortLike } from '../../transport/message-port/port.ts'
export { type PortSource, RPCLink, type RPCLinkOptions } from '../../transport/message-port/rpc-link.ts'
