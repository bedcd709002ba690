export type { DrainOptions } from '../../session/drain.ts'
export type { Authenticated } from '../../session/peer/authentication.ts'
export type {
  Authenticate,
  RPCPeerHandlerOptions as RPCHandlerOptions,
  UpgradeOptions,
} from '../../session/peer/rpc-peers.ts'
export type { HandlerInterceptor, HandlerInterceptorOptions } from '../../session/serve-request.ts'
export { RPCHandler } from '../../transport/websocket/rpc-handler.ts'
export type { CallbackSocket, SocketLike } from '../../transport/websocket/socket-connection.ts'
