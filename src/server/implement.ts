import type { ContractProcedure, ContractRouter, ContractTree } from '../contract/contract-procedure.ts'
import { isContractProcedure } from '../contract/contract-procedure.ts'
import type { ErrorMap } from '../contract/error-map.ts'
import type { InferInput, InferOutput, Schema } from '../core/schema.ts'
import { extendRouter } from './extend-router.ts'
import { ImplementedProcedure } from './implemented-procedure.ts'
import type { Lazy } from './lazy.ts'
import type { Context, MergeContext, Middleware } from './middleware.ts'
import type { Handler, Procedure } from './procedure.ts'
import type { Router } from './router.ts'

/** A contract fulfilled: the same tree, a procedure for each contract. */
export type ImplementedRouter<Contract, Current extends Context> =
  Contract extends ContractProcedure<infer Input, infer Output, infer Errors>
    ? Procedure<Current, Input, Output, Errors>
    : { readonly [Name in keyof Contract]: ImplementedRouter<Contract[Name], Current> }

/** What a contract can be fulfilled with; any part may be lazy. */
export type Implementation<Contract, Current extends Context> =
  | Lazy<ImplementedRouter<Contract, Current>>
  | (Contract extends ContractProcedure<infer Input, infer Output, infer Errors>
      ? Procedure<Current, Input, Output, Errors>
      : { readonly [Name in keyof Contract]: Implementation<Contract[Name], Current> })

/** Fulfils a contract, or any part of it. */
export type Implementer<Contract, Initial extends Context, Current extends Context> =
  Contract extends ContractProcedure<infer Input, infer Output, infer Errors>
    ? ProcedureImplementer<Initial, Current, Input, Output, Errors>
    : RouterImplementer<Contract, Initial, Current> & {
        readonly [Name in keyof Contract]: Implementer<Contract[Name], Initial, Current>
      }

export interface RouterImplementer<Contract, Initial extends Context, Current extends Context> {
  /** Names the context that handlers get and whoever serves the router has to give. */
  $context<C extends Context>(): Implementer<Contract, C, C>
  /** Adds a step around every handler, before the input is validated. */
  use<More extends Context = Record<never, never>>(
    middleware: Middleware<Current, More, unknown, any>,
  ): Implementer<Contract, Initial, MergeContext<Current, More>>
  /** The whole contract fulfilled: the compiler misses every procedure that is not there. */
  router(router: Implementation<Contract, Current>): ImplementedRouter<Contract, Initial>
}

/** Fulfils one contract. */
export class ProcedureImplementer<
  Initial extends Context,
  Current extends Context,
  Input extends Schema,
  Output extends Schema,
  Errors extends ErrorMap,
> {
  readonly #contract: ContractProcedure<Input, Output, Errors>
  readonly #middlewares: readonly Middleware[]
  readonly #inputIndex: number

  constructor(
    contract: ContractProcedure<Input, Output, Errors>,
    middlewares: readonly Middleware[],
    inputIndex: number,
  ) {
    this.#contract = contract
    this.#middlewares = middlewares
    this.#inputIndex = inputIndex
  }

  /** Names the context that the handler gets and whoever serves the procedure has to give. */
  $context<C extends Context>(): ProcedureImplementer<C, C, Input, Output, Errors> {
    return new ProcedureImplementer(this.#contract, this.#middlewares, this.#inputIndex)
  }

  /** Adds a step around the handler, behind the validation of the input. */
  use<More extends Context = Record<never, never>>(
    middleware: Middleware<Current, More, InferOutput<Input>, Errors>,
  ): ProcedureImplementer<Initial, MergeContext<Current, More>, Input, Output, Errors> {
    return new ProcedureImplementer(this.#contract, [...this.#middlewares, middleware], this.#inputIndex)
  }

  /** The function that does the work: what the contract asks for, or the compiler complains. */
  handler(
    handler: Handler<Current, InferOutput<Input>, InferInput<Output>, Errors>,
  ): ImplementedProcedure<Initial, Input, Output, Errors> {
    return new ImplementedProcedure({
      ...this.#contract['~headwater'],
      middlewares: this.#middlewares,
      inputIndex: this.#inputIndex,
      handler,
    })
  }
}

/**
 * Begins the implementation of a contract: of the whole by `.router()`, of a part by walking to it.
 *
 * @example
 * const chat = implement(contract.chat)
 * const router = chat.router({ send: chat.send.handler(({ input }) => store(input)) })
 */
export function implement<Contract extends ContractRouter>(
  contract: Contract,
): Implementer<Contract, Record<never, never>, Record<never, never>> {
  return createImplementer(contract, []) as Implementer<Contract, Record<never, never>, Record<never, never>>
}

function createImplementer(contract: ContractRouter, middlewares: readonly Middleware[]): object {
  if (isContractProcedure(contract)) return new ProcedureImplementer(contract, middlewares, middlewares.length)
  const methods: RouterImplementer<ContractTree, Context, Context> = {
    $context: () => createImplementer(contract, middlewares) as never,
    use: (middleware) => createImplementer(contract, [...middlewares, middleware]) as never,
    router: (router) =>
      extendRouter(router as Router, { middlewares, errors: {}, prefix: undefined, tags: [] }) as never,
  }
  return new Proxy(methods, {
    get(target, key) {
      const method: unknown = Reflect.get(target, key)
      if (typeof key !== 'string' || !Object.hasOwn(contract, key)) return method
      const part = createImplementer(contract[key] as ContractRouter, middlewares)
      return typeof method === 'function' ? besides(method, part) : part
    },
  })
}

/** A contract may have a procedure called `use` or `router`: the method then carries that part's members as well. */
function besides(method: object, part: object): object {
  return new Proxy(method, {
    get(target, key) {
      const member: unknown = Reflect.get(part, key)
      if (member === undefined) return Reflect.get(target, key)
      return typeof member === 'function' && part instanceof ProcedureImplementer ? member.bind(part) : member
    },
  })
}
