import type { ContractProcedure } from '../contract/contract-procedure.ts'
import type { ErrorConstructors, ErrorMap } from '../contract/error-map.ts'

/** What a handler can be given besides its input. */
export type Context = object

/** An intersection as one object: that is what editors show. */
type Flatten<Type> = { [Key in keyof Type]: Type[Key] } & {}

/** A context with what middleware has added. */
export type MergeContext<Current extends Context, More extends Context> = [More] extends [never]
  ? Current
  : [keyof More] extends [never]
    ? Current
    : Flatten<Omit<Current, keyof More> & More>

/** What every step of a call gets. */
export interface CallScope<CurrentContext extends Context, Errors extends ErrorMap> {
  readonly context: CurrentContext
  /** Aborts when the caller leaves or gives up. Always present. */
  readonly signal: AbortSignal
  /** After which event the caller wants to resume. */
  readonly lastEventId: string | undefined
  /** The errors that the contract declares, ready to be thrown. */
  readonly errors: ErrorConstructors<Errors>
  readonly path: readonly string[]
  readonly procedure: ContractProcedure
}

/** What a step hands back: the output, and what it added to the context on the way. */
export interface MiddlewareResult<More extends Context> {
  readonly output: unknown
  readonly context: More
}

export interface MiddlewareOptions<CurrentContext extends Context, Errors extends ErrorMap>
  extends CallScope<CurrentContext, Errors> {
  /** Runs the rest of the call, with more context if given; resolves with its output, rejects with its error. */
  next(): Promise<MiddlewareResult<Record<never, never>>>
  next<More extends Context>(options: { readonly context: More }): Promise<MiddlewareResult<More>>
}

/**
 * A step around the handler: it may add context, look at or replace the output, or answer itself through `output`.
 *
 * Middleware given before `.input()` runs before the input is validated.
 */
export type Middleware<
  CurrentContext extends Context = any,
  More extends Context = any,
  Input = any,
  Errors extends ErrorMap = any,
> = (
  options: MiddlewareOptions<CurrentContext, Errors>,
  input: Input,
  output: (output: unknown) => MiddlewareResult<never>,
) => PromiseLike<MiddlewareResult<More>> | MiddlewareResult<More>
