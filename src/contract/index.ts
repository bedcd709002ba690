export type { InferInput, InferOutput, Schema, TypedSchema } from '../core/schema.ts'
export { type, ValidationError } from '../core/schema.ts'
export type { EventIterator, EventSource } from '../event/event-iterator.ts'
export { ContractBuilder, ContractRouterBuilder, oc } from './builder.ts'
export type {
  ContractDefinition,
  ContractProcedure,
  ContractRouter,
  ContractTree,
  HTTPMethod,
  Metadata,
  Route,
} from './contract-procedure.ts'
export { isContractProcedure } from './contract-procedure.ts'
export type { ErrorDefinition, ErrorMap, InferError } from './error-map.ts'
export type { EventIteratorSchema } from './event-iterator.ts'
export { eventIterator } from './event-iterator.ts'
export type { ContractRouterClient, InferContractRouterInputs, InferContractRouterOutputs } from './infer.ts'
export { populateContractRouterPaths } from './populate-paths.ts'
export type { Call, CallOptions, ProcedureClient } from './procedure-client.ts'
