import type { Merge } from '../contract/builder.ts'
import { extendRoute } from '../contract/contract-procedure.ts'
import type { ErrorMap } from '../contract/error-map.ts'
import { isLazy, type Lazy, mapLazy } from './lazy.ts'
import type { Context, Middleware } from './middleware.ts'
import { isProcedure, type Procedure } from './procedure.ts'
import type { Router } from './router.ts'

/** What a router adds to each of its procedures. */
export interface RouterExtension {
  readonly middlewares: readonly Middleware[]
  readonly errors: ErrorMap
  readonly prefix: `/${string}` | undefined
  readonly tags: readonly string[]
}

/** The router with the extension applied to each of its procedures. Middleware that leads both runs once. */
export function extendRouter(router: Router, extension: RouterExtension): Router {
  if (isProcedure(router)) return extendProcedure(router, extension)
  if (isLazy(router)) {
    return mapLazy(router as Lazy<Router>, (part) => extendRouter(part, extension), extension.prefix) as Router
  }
  const entries = Object.entries(router).map(([name, child]) => [name, extendRouter(child, extension)])
  return Object.fromEntries(entries) as Router
}

function extendProcedure(procedure: Procedure, { middlewares, errors, prefix, tags }: RouterExtension): Procedure {
  const definition = procedure['~headwater']
  const added = withoutSharedLead(middlewares, definition.middlewares)
  return {
    '~headwater': {
      ...definition,
      errors: { ...errors, ...definition.errors },
      route: extendRoute(definition.route, prefix, tags),
      middlewares: [...added, ...definition.middlewares],
      inputIndex: definition.inputIndex + added.length,
    },
  }
}

/**
 * The middleware of the router that the procedure does not begin with already. All or nothing: the context that a
 * later one relies on comes from those before it.
 */
function withoutSharedLead(outer: readonly Middleware[], inner: readonly Middleware[]): readonly Middleware[] {
  const shared = outer.length <= inner.length && outer.every((middleware, index) => middleware === inner[index])
  return shared ? [] : outer
}

/** The type of a router whose procedures run inside what `Initial` context gives, and may fail with `Errors` too. */
export type ExtendedRouter<R, Initial extends Context, Errors extends ErrorMap> =
  R extends Procedure<any, infer Input, infer Output, infer Own>
    ? Procedure<Initial, Input, Output, Merge<Errors, Own>>
    : R extends Lazy<infer Part>
      ? Lazy<ExtendedRouter<Part, Initial, Errors>>
      : { readonly [Name in keyof R]: ExtendedRouter<R[Name], Initial, Errors> }
