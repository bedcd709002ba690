import type { ContractRouter } from '../contract/contract-procedure.ts'
import type { Publisher } from '../publisher/publisher.ts'
import type { HTTPRoutesOptions } from './http-routes.ts'
import type { RPCRoutesOptions } from './rpc-routes.ts'
import type { WebSocketRoutesOptions } from './websocket-routes.ts'

/** What the module can be told. `interceptors` and `heartbeat` hold for all protocols, the other options of routes for those. */
export interface HeadwaterModuleOptions extends HTTPRoutesOptions {
  /** The whole contract: it says where procedures stand over the RPC protocol. */
  readonly contract?: ContractRouter | undefined
  /** Serves the controllers over the RPC protocol, too. Default `false`. */
  readonly rpc?: boolean | RPCRoutesOptions | undefined
  /** Serves the controllers over WebSockets, too. */
  readonly websocket?: WebSocketRoutesOptions | undefined
  /** For `@InjectPublisher()`. It is closed when the application has shut down. */
  readonly publisher?: Publisher<any, any> | undefined
  /** How long calls may take to finish when the application shuts down, in ms. Default 10,000. */
  readonly drainTimeout?: number | undefined
}
