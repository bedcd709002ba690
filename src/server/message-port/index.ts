export type { DrainOptions } from '../../session/drain.ts'
export type { Authenticated } from '../../session/peer/authentication.ts'
export type {
  Authenticate,
  RPCPeerHandlerOptions as RPCHandlerOptions,
  UpgradeOptions,
} from '../../session/peer/rpc-peers.ts'
export type { HandlerInterceptor, HandlerInterceptorOptions } from '../../session/serve-request.ts'
export type { EmitterPort, EventPort, ExtensionPort, PortLike } from '../../transport/message-port/port.ts'
export { RPCHandler } from '../../transport/message-port/rpc-handler.ts'
