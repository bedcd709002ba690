import type { Schema } from '../core/schema.ts'
import type { ErrorMap } from './error-map.ts'

export type HTTPMethod = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'HEAD'

/** Where a procedure stands over plain HTTP, and how its document describes it. The RPC protocol needs none of it. */
export interface Route {
  /** Over the RPC protocol, `GET` also allows calls by GET. */
  readonly method?: HTTPMethod | undefined
  readonly path?: `/${string}` | undefined
  readonly summary?: string | undefined
  readonly description?: string | undefined
  readonly tags?: readonly string[] | undefined
  readonly operationId?: string | undefined
  readonly deprecated?: boolean | undefined
  readonly successStatus?: number | undefined
  readonly successDescription?: string | undefined
  readonly inputStructure?: 'compact' | 'detailed' | undefined
  readonly outputStructure?: 'compact' | 'detailed' | undefined
  /** Its operation in the document, or what makes another of the one that was generated: for `security`, examples, … */
  readonly spec?: object | ((operation: any) => object) | undefined
}

/** Whatever a project wants to say about its procedures, for its own middleware and plugins. */
export type Metadata = Readonly<Record<string, unknown>>

export interface ContractDefinition<
  Input extends Schema = Schema,
  Output extends Schema = Schema,
  Errors extends ErrorMap = ErrorMap,
  Meta extends Metadata = Metadata,
> {
  readonly route: Route
  readonly meta: Meta
  readonly errors: Errors
  readonly input: Input | undefined
  readonly output: Output | undefined
}

/** What can be called: the input and output, the errors, the route and the meta of one procedure. */
export interface ContractProcedure<
  Input extends Schema = Schema,
  Output extends Schema = Schema,
  Errors extends ErrorMap = ErrorMap,
  Meta extends Metadata = Metadata,
> {
  readonly '~headwater': ContractDefinition<Input, Output, Errors, Meta>
}

/** A tree of contracts. */
export interface ContractTree {
  readonly [name: string]: ContractRouter
}

/** A contract or a tree of them. */
export type ContractRouter = ContractProcedure | ContractTree

export function isContractProcedure(value: unknown): value is ContractProcedure {
  return typeof value === 'object' && value !== null && '~headwater' in value
}

/** The route as a router's prefix and tags make it. */
export function extendRoute(route: Route, prefix: `/${string}` | undefined, tags: readonly string[]): Route {
  const path = route.path === undefined ? undefined : joinPaths(prefix, route.path)
  return {
    ...route,
    ...(path === undefined ? {} : { path }),
    ...(tags.length === 0 ? {} : { tags: [...tags, ...(route.tags ?? [])] }),
  }
}

export function joinPaths(prefix: `/${string}` | undefined, path: `/${string}`): `/${string}` {
  const base = (prefix ?? '').replace(/\/+$/, '')
  return path === '/' && base !== '' ? (base as `/${string}`) : `${base as `/${string}`}${path}`
}
