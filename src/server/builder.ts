import type { Merge, Unchecked } from '../contract/builder.ts'
import { joinPaths, type Metadata, type Route } from '../contract/contract-procedure.ts'
import type { ErrorMap } from '../contract/error-map.ts'
import type { InferInput, InferOutput, Schema, TypedSchema } from '../core/schema.ts'
import type { EventIterator } from '../event/event-iterator.ts'
import { type DecoratedMiddleware, mapMiddlewareInput, middleware } from './decorated-middleware.ts'
import { type ExtendedRouter, extendRouter } from './extend-router.ts'
import { ImplementedProcedure } from './implemented-procedure.ts'
import { type Lazy, lazy, mapLazy } from './lazy.ts'
import type { Context, MergeContext, Middleware } from './middleware.ts'
import type { Handler, ProcedureDefinition } from './procedure.ts'
import type { Router } from './router.ts'

/** An output that was not declared is what the handler returns; a stream as its consumer holds it. */
type DeclaredOr<Output extends Schema, Result> = Output extends Unchecked
  ? TypedSchema<Result, Received<Awaited<Result>>>
  : Output

type Received<Result> = '~elsewhere' extends keyof Result
  ? Result
  : Result extends AsyncIteratorObject<infer Value, infer Return, any>
    ? EventIterator<Value, Return>
    : Result

interface BuilderDefinition<
  Initial extends Context,
  Input extends Schema,
  Output extends Schema,
  Errors extends ErrorMap,
> extends Omit<ProcedureDefinition<Initial, Input, Output, Errors>, 'handler'> {
  readonly prefix: `/${string}` | undefined
  readonly tags: readonly string[]
}

/**
 * A procedure or router under construction. Immutable: every method gives a new builder.
 *
 * `Initial` is the context that the server must give, `Current` what middleware has made of it.
 */
export class ProcedureBuilder<
  Initial extends Context,
  Current extends Context,
  Input extends Schema,
  Output extends Schema,
  Errors extends ErrorMap,
> {
  readonly '~headwater': BuilderDefinition<Initial, Input, Output, Errors>

  constructor(definition: BuilderDefinition<Initial, Input, Output, Errors>) {
    this['~headwater'] = definition
  }

  /** Names the context that handlers get and whoever serves the router has to give. */
  $context<C extends Context>(): ProcedureBuilder<C, C, Input, Output, Errors> {
    return this.#with({})
  }

  /** Adds a step around the handler. Given before `.input()`, it runs before the input is validated. */
  use<More extends Context = Record<never, never>>(
    step: Middleware<Current, More, InferOutput<Input>, Errors>,
  ): ProcedureBuilder<Initial, MergeContext<Current, More>, Input, Output, Errors>
  /** @param mapInput makes the step's input out of this procedure's. */
  use<More extends Context, Mapped>(
    step: Middleware<Current, More, Mapped, Errors>,
    mapInput: (input: InferOutput<Input>) => Mapped,
  ): ProcedureBuilder<Initial, MergeContext<Current, More>, Input, Output, Errors>
  use(step: Middleware, mapInput?: (input: any) => unknown): ProcedureBuilder<any, any, any, any, any> {
    const added = mapInput === undefined ? step : mapMiddlewareInput(step, mapInput)
    return this.#with({ middlewares: [...this['~headwater'].middlewares, added] })
  }

  /** A middleware to be used in several places, typed by this builder's context and errors. */
  middleware<More extends Context = Record<never, never>, MiddlewareInput = unknown>(
    step: Middleware<Current, More, MiddlewareInput, Errors>,
  ): DecoratedMiddleware<Current, More, MiddlewareInput, Errors> {
    return middleware(step)
  }

  /** Declares errors that callers can tell apart by code. Adds to those declared before. */
  errors<More extends ErrorMap>(errors: More): ProcedureBuilder<Initial, Current, Input, Output, Merge<Errors, More>> {
    return this.#with({ errors: { ...this['~headwater'].errors, ...errors } })
  }

  /** Says more about the procedure, for middleware and plugins. Adds to what was said before. */
  meta(meta: Metadata): ProcedureBuilder<Initial, Current, Input, Output, Errors> {
    return this.#with({ meta: { ...this['~headwater'].meta, ...meta } })
  }

  /** Where the procedure stands over plain HTTP. Adds to what was said before. */
  route(route: Route): ProcedureBuilder<Initial, Current, Input, Output, Errors> {
    return this.#with({ route: { ...this['~headwater'].route, ...route } })
  }

  /** The schema that the input is validated against, behind the middleware given so far. */
  input<S extends Schema>(schema: S): ProcedureBuilder<Initial, Current, S, Output, Errors> {
    return this.#with({ input: schema, inputIndex: this['~headwater'].middlewares.length })
  }

  /** The schema that the output is validated against; `eventIterator(…)` for a stream. */
  output<S extends Schema>(schema: S): ProcedureBuilder<Initial, Current, Input, S, Errors> {
    return this.#with({ output: schema })
  }

  /** The function that does the work: a value or a promise is a response, an async generator a stream. */
  handler<Result extends InferInput<Output>>(
    handler: Handler<Current, InferOutput<Input>, Result, Errors>,
  ): ImplementedProcedure<Initial, Input, DeclaredOr<Output, Result>, Errors> {
    const { prefix, tags, ...definition } = this['~headwater']
    return new ImplementedProcedure({ ...definition, handler } as unknown as ProcedureDefinition<
      Initial,
      Input,
      DeclaredOr<Output, Result>,
      Errors
    >)
  }

  /** Puts the paths of a router's procedures under a prefix, inside one given before. */
  prefix(prefix: `/${string}`): ProcedureBuilder<Initial, Current, Input, Output, Errors> {
    return this.#with({ prefix: joinPaths(this['~headwater'].prefix, prefix) })
  }

  /** Groups a router's procedures under tags in the document. */
  tag(...tags: readonly string[]): ProcedureBuilder<Initial, Current, Input, Output, Errors> {
    return this.#with({ tags: [...this['~headwater'].tags, ...tags] })
  }

  /** A tree of procedures, each behind the middleware, errors, prefix and tags given so far. */
  router<R extends Router<Current>>(router: R): ExtendedRouter<R, Initial, Errors> {
    return extendRouter(router, this['~headwater']) as ExtendedRouter<R, Initial, Errors>
  }

  /** A tree that is imported when it is first called, behind what was given so far. See `lazy()`. */
  lazy<R extends Router<Current>>(
    load: () => Promise<{ readonly default: R }>,
  ): Lazy<ExtendedRouter<R, Initial, Errors>> {
    return mapLazy(lazy(load), (router) => this.router(router), this['~headwater'].prefix)
  }

  /** A change may change any of the type parameters: the callers say which. */
  #with(change: Partial<BuilderDefinition<any, any, any, any>>): ProcedureBuilder<any, any, any, any, any> {
    return new ProcedureBuilder({ ...this['~headwater'], ...change })
  }
}

/**
 * Where every procedure begins that has no contract of its own.
 *
 * @example
 * const router = { greet: os.input(z.object({ name: z.string() })).handler(({ input }) => `Hello, ${input.name}`) }
 */
export const os: ProcedureBuilder<
  Record<never, never>,
  Record<never, never>,
  Unchecked,
  Unchecked,
  Record<never, never>
> = new ProcedureBuilder({
  route: {},
  meta: {},
  errors: {},
  input: undefined as Unchecked | undefined,
  output: undefined as Unchecked | undefined,
  middlewares: [],
  inputIndex: 0,
  prefix: undefined,
  tags: [],
})
