export { type EventIteratorSchema, eventIterator } from '../contract/event-iterator.ts'
export { type KnownErrorCode, RPCError, type RPCErrorJSON, type RPCErrorOptions } from '../core/error.ts'
export type { Interceptor } from '../core/interceptor.ts'
export {
  type InferInput,
  type InferOutput,
  type Schema,
  type TypedSchema,
  type,
  ValidationError,
} from '../core/schema.ts'
export { type EventGapData, type EventGapReason, isEventGap } from '../event/event-gap.ts'
export type { EventIterator, EventSource } from '../event/event-iterator.ts'
export { type EventMeta, getEventMeta, withEventMeta } from '../event/event-meta.ts'
export { EventPublisher, type EventPublisherOptions } from '../event/event-publisher.ts'
export { type LifecycleHook, onError, onFinish, onStart, onSuccess } from '../event/lifecycle.ts'
export { filterEvents, mapEvents } from '../event/map-events.ts'
export { mergeEvents } from '../event/merge-events.ts'
export { type BatchOptions, batchEvents, debounceEvents, throttleEvents } from '../event/timed-events.ts'
export { os, ProcedureBuilder } from './builder.ts'
export { type DecoratedMiddleware, middleware } from './decorated-middleware.ts'
export type { ExtendedRouter } from './extend-router.ts'
export {
  type Implementation,
  type ImplementedRouter,
  type Implementer,
  implement,
  ProcedureImplementer,
  type RouterImplementer,
} from './implement.ts'
export { call, ImplementedProcedure } from './implemented-procedure.ts'
export { type Lazy, lazy } from './lazy.ts'
export type { Context, Middleware, MiddlewareOptions, MiddlewareResult } from './middleware.ts'
export { type Handler, type HandlerOptions, isProcedure, type Procedure } from './procedure.ts'
export type { InferRouterContext, ProcedureTree, Router, RouterClient } from './router.ts'
export { createRouterClient } from './router-client.ts'
