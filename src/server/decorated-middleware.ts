import type { ErrorMap } from '../contract/error-map.ts'
import type { Context, MergeContext, Middleware, MiddlewareResult } from './middleware.ts'

/** A middleware that can be put together with others. */
export interface DecoratedMiddleware<Current extends Context, More extends Context, Input, Errors extends ErrorMap>
  extends Middleware<Current, More, Input, Errors> {
  /** This one, with another inside it, which gets the context that this one adds. */
  concat<Added extends Context = Record<never, never>, Inner = Input>(
    other: Middleware<MergeContext<Current, More>, Added, Inner, Errors>,
    ...[mapInput]: Input extends Inner ? [mapInput?: (input: Input) => Inner] : [mapInput: (input: Input) => Inner]
  ): DecoratedMiddleware<Current, MergeContext<More, Added>, Input, Errors>
  /** This one for procedures of another input. */
  mapInput<Outer>(map: (input: Outer) => Input): DecoratedMiddleware<Current, More, Outer, Errors>
}

/**
 * A middleware to be used in several places.
 *
 * @example
 * const authenticated = middleware(async ({ context, next }) => next({ context: { user: await find(context) } }))
 */
export function middleware<
  Current extends Context = Record<never, never>,
  More extends Context = Record<never, never>,
  Input = unknown,
  Errors extends ErrorMap = Record<never, never>,
>(step: Middleware<Current, More, Input, Errors>): DecoratedMiddleware<Current, More, Input, Errors> {
  const decorations: Pick<DecoratedMiddleware<any, any, any, any>, 'concat' | 'mapInput'> = {
    concat: (other: Middleware, mapInput?: (input: unknown) => unknown) =>
      middleware(concatMiddleware(step, mapInput === undefined ? other : mapMiddlewareInput(other, mapInput))) as never,
    mapInput: (map) => middleware(mapMiddlewareInput(step, map)),
  }
  const wrapped: Middleware<Current, More, Input, Errors> = (options, input, output) => step(options, input, output)
  return Object.assign(wrapped, decorations) as DecoratedMiddleware<Current, More, Input, Errors>
}

export function mapMiddlewareInput(step: Middleware, map: (input: any) => unknown): Middleware {
  return (options, input, output) => step(options, map(input), output)
}

function concatMiddleware(outer: Middleware, inner: Middleware): Middleware {
  return (options, input, output) => {
    const next = async ({ context = {} }: { context?: Context } = {}): Promise<MiddlewareResult<Context>> => {
      const innerNext = ({ context: added = {} }: { context?: Context } = {}): Promise<MiddlewareResult<Context>> =>
        options.next({ context: { ...context, ...added } })
      return inner({ ...options, context: { ...options.context, ...context }, next: innerNext as never }, input, output)
    }
    return outer({ ...options, next: next as never }, input, output)
  }
}
