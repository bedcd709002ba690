import type { Schema, TypedSchema } from '../core/schema.ts'
import {
  type ContractDefinition,
  type ContractProcedure,
  type ContractRouter,
  type ContractTree,
  extendRoute,
  isContractProcedure,
  joinPaths,
  type Metadata,
  type Route,
} from './contract-procedure.ts'
import type { ErrorMap } from './error-map.ts'

/** A schema that was not given: anything goes. */
export interface Unchecked extends TypedSchema<unknown, unknown> {
  /** Never set: tells it from a schema that was given and takes anything. */
  readonly '~unchecked': true
}

/** `First` with the entries of `Second`, which win. */
export type Merge<First, Second> = [keyof First] extends [never] ? Second : Omit<First, keyof Second> & Second

/** A router whose procedures may also fail with `Errors`. */
export type WithErrors<Router, Errors extends ErrorMap> = [keyof Errors] extends [never]
  ? Router
  : Router extends ContractProcedure<infer Input, infer Output, infer Own, infer Meta>
    ? ContractProcedure<Input, Output, Merge<Errors, Own>, Meta>
    : { readonly [Name in keyof Router]: WithErrors<Router[Name], Errors> }

/**
 * A contract under construction; at each step it is a contract already. Immutable: every method gives a new one.
 */
export class ContractBuilder<
  Input extends Schema,
  Output extends Schema,
  Errors extends ErrorMap,
  Meta extends Metadata,
> implements ContractProcedure<Input, Output, Errors, Meta>
{
  readonly '~headwater': ContractDefinition<Input, Output, Errors, Meta>

  constructor(definition: ContractDefinition<Input, Output, Errors, Meta>) {
    this['~headwater'] = definition
  }

  /** Declares errors that callers can tell apart by code, with typed data. Adds to those declared before. */
  errors<More extends ErrorMap>(errors: More): ContractBuilder<Input, Output, Merge<Errors, More>, Meta> {
    const merged = { ...this['~headwater'].errors, ...errors } as unknown as Merge<Errors, More>
    return new ContractBuilder({ ...this['~headwater'], errors: merged })
  }

  /** Says more about the procedure, for middleware and plugins. Adds to what was said before. */
  meta<More extends Metadata>(meta: More): ContractBuilder<Input, Output, Errors, Merge<Meta, More>> {
    const merged = { ...this['~headwater'].meta, ...meta } as unknown as Merge<Meta, More>
    return new ContractBuilder({ ...this['~headwater'], meta: merged })
  }

  /** Where the procedure stands over plain HTTP. Adds to what was said before. */
  route(route: Route): ContractBuilder<Input, Output, Errors, Meta> {
    return new ContractBuilder({ ...this['~headwater'], route: { ...this['~headwater'].route, ...route } })
  }

  /** The schema that the input is validated against before the handler runs. */
  input<S extends Schema>(schema: S): ContractBuilder<S, Output, Errors, Meta> {
    return new ContractBuilder({ ...this['~headwater'], input: schema })
  }

  /** The schema that the output is validated against before it leaves; `eventIterator(…)` for a stream. */
  output<S extends Schema>(schema: S): ContractBuilder<Input, S, Errors, Meta> {
    return new ContractBuilder({ ...this['~headwater'], output: schema })
  }

  /** Puts the paths of a router's procedures under a prefix. */
  prefix(prefix: `/${string}`): ContractRouterBuilder<Errors> {
    return new ContractRouterBuilder(this['~headwater'].errors, prefix, [])
  }

  /** Groups a router's procedures under tags in the document. */
  tag(...tags: readonly string[]): ContractRouterBuilder<Errors> {
    return new ContractRouterBuilder(this['~headwater'].errors, undefined, tags)
  }

  /** A tree of contracts, each of which may also fail with the errors declared here. */
  router<Router extends ContractRouter>(router: Router): WithErrors<Router, Errors> {
    return new ContractRouterBuilder(this['~headwater'].errors, undefined, []).router(router)
  }
}

/** What a tree of contracts has in common, on its way to `router()`. */
export class ContractRouterBuilder<Errors extends ErrorMap> {
  readonly #errors: Errors
  readonly #prefix: `/${string}` | undefined
  readonly #tags: readonly string[]

  constructor(errors: Errors, prefix: `/${string}` | undefined, tags: readonly string[]) {
    this.#errors = errors
    this.#prefix = prefix
    this.#tags = tags
  }

  /** Puts the paths of the procedures under a prefix, inside one given before. */
  prefix(prefix: `/${string}`): ContractRouterBuilder<Errors> {
    return new ContractRouterBuilder(this.#errors, joinPaths(this.#prefix, prefix), this.#tags)
  }

  /** Adds tags to those given before. */
  tag(...tags: readonly string[]): ContractRouterBuilder<Errors> {
    return new ContractRouterBuilder(this.#errors, this.#prefix, [...this.#tags, ...tags])
  }

  /** The tree with the prefix, the tags and the errors applied to each of its procedures. */
  router<Router extends ContractRouter>(router: Router): WithErrors<Router, Errors> {
    return this.#extend(router) as WithErrors<Router, Errors>
  }

  #extend(router: ContractRouter): ContractRouter {
    if (isContractProcedure(router)) {
      const definition = router['~headwater']
      return new ContractBuilder({
        ...definition,
        errors: { ...this.#errors, ...definition.errors },
        route: extendRoute(definition.route, this.#prefix, this.#tags),
      })
    }
    const tree: ContractTree = router
    return Object.fromEntries(Object.entries(tree).map(([name, child]) => [name, this.#extend(child)]))
  }
}

/**
 * Where every contract begins.
 *
 * @example
 * const contract = { greet: oc.input(z.object({ name: z.string() })).output(z.string()) }
 */
export const oc: ContractBuilder<
  Unchecked,
  Unchecked,
  Record<never, never>,
  Record<never, never>
> = new ContractBuilder({
  route: {},
  meta: {},
  errors: {},
  input: undefined as Unchecked | undefined,
  output: undefined as Unchecked | undefined,
})
