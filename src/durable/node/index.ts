export { DurableHost, type DurableHostOptions, type ObjectNamespaces } from './durable-host.ts'
export type { ObjectId } from './object-context.ts'
export type { ObjectClass, ObjectNamespace, ObjectStub } from './object-namespace.ts'
export {
  type ServeDurableObjectsOptions,
  serveDurableObjects,
  type WebSocketServerLike,
  type WorkerLike,
} from './serve-durable-objects.ts'
