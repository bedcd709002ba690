export type { HeadwaterContext } from './headwater-context.ts'
export {
  HeadwaterModule,
  type HeadwaterModuleAsyncOptions,
  type HeadwaterModuleFactory,
} from './headwater-module.ts'
export type { HeadwaterModuleOptions } from './headwater-options.ts'
export { Implement, type ImplementDecorator, implement } from './implement.ts'
export { InjectPublisher } from './inject-publisher.ts'
export type { ContextSource, NestCall } from './nest-call.ts'
export type { RPCRoutesOptions } from './rpc-routes.ts'
export type { UpgradeServer, WebSocketRoutesOptions } from './websocket-routes.ts'
