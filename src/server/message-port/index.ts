export type { Authenticated } from '../../session/authentication.ts'
export type { DrainOptions } from '../../session/drain.ts'
export type {
  Authenticate,
  RPCPeerHandlerOptions as RPCHandlerOptions,
  UpgradeOptions,
} from '../../session/rpc-peers.ts'
export type { HandlerInterceptor, HandlerInterceptorOptions } from '../../session/serve-request.ts'
export type { EmitterPort, EventPort, ExtensionPort, PortLike } from '../../transport/message-port/port.ts'
export { RPCHandler } from '../../transport/message-port/rpc-handler.ts'
