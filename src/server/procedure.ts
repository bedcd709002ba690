import type { ContractDefinition, ContractProcedure, Metadata } from '../contract/contract-procedure.ts'
import type { ErrorMap } from '../contract/error-map.ts'
import type { Schema } from '../core/schema.ts'
import type { CallScope, Context, Middleware } from './middleware.ts'

/** What a handler gets. */
export interface HandlerOptions<CurrentContext extends Context, Input, Errors extends ErrorMap>
  extends CallScope<CurrentContext, Errors> {
  readonly input: Input
}

export type Handler<CurrentContext extends Context, Input, Output, Errors extends ErrorMap> = (
  options: HandlerOptions<CurrentContext, Input, Errors>,
) => Output | PromiseLike<Output>

export interface ProcedureDefinition<
  InitialContext extends Context,
  Input extends Schema,
  Output extends Schema,
  Errors extends ErrorMap,
> extends ContractDefinition<Input, Output, Errors, Metadata> {
  /** Never set: lets the compiler refuse a call without the context that the procedure needs. */
  readonly initialContext?: (context: InitialContext) => void
  readonly middlewares: readonly Middleware[]
  /** How many of the middlewares run before the input is validated. */
  readonly inputIndex: number
  readonly handler: Handler<any, any, unknown, any>
}

/** A contract with the handler that fulfils it. */
export interface Procedure<
  InitialContext extends Context = any,
  Input extends Schema = Schema,
  Output extends Schema = Schema,
  Errors extends ErrorMap = any,
> extends ContractProcedure<Input, Output, Errors, Metadata> {
  readonly '~headwater': ProcedureDefinition<InitialContext, Input, Output, Errors>
}

export function isProcedure(value: unknown): value is Procedure {
  if (value === null || (typeof value !== 'object' && typeof value !== 'function')) return false
  const definition = (value as Partial<Procedure>)['~headwater']
  return typeof definition === 'object' && definition !== null && typeof definition.handler === 'function'
}
