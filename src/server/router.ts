import type { ContractProcedure } from '../contract/contract-procedure.ts'
import type { InferError } from '../contract/error-map.ts'
import type { ProcedureClient } from '../contract/procedure-client.ts'
import type { InferInput, InferOutput } from '../core/schema.ts'
import { isLazy, type Lazy, unlazy } from './lazy.ts'
import type { Context } from './middleware.ts'
import { isProcedure, type Procedure } from './procedure.ts'

/** A tree of procedures. */
export interface ProcedureTree<InitialContext extends Context> {
  readonly [name: string]: Router<InitialContext>
}

/** A procedure or a tree of them, all content with the given context; any part may be lazy. */
export type Router<InitialContext extends Context = any> =
  | Procedure<InitialContext>
  | ProcedureTree<InitialContext>
  | Lazy<Procedure<InitialContext>>
  | Lazy<ProcedureTree<InitialContext>>

/** The context that a handler of this router has to be given. */
export type InferRouterContext<R> =
  R extends Procedure<infer InitialContext>
    ? InitialContext
    : R extends Lazy<infer Part>
      ? InferRouterContext<Part>
      : string extends keyof R
        ? R extends ProcedureTree<infer InitialContext>
          ? InitialContext
          : unknown
        : UnionToIntersection<{ [Name in keyof R]: InferRouterContext<R[Name]> }[keyof R]>

type UnionToIntersection<Union> = (Union extends unknown ? (value: Union) => void : never) extends (
  value: infer Intersection,
) => void
  ? Intersection
  : never

/** The typed client of a router: the same tree, with a function for each procedure. */
export type RouterClient<R, ClientContext = unknown> =
  R extends ContractProcedure<infer Input, infer Output, infer Errors>
    ? ProcedureClient<InferInput<Input>, InferOutput<Output>, InferError<Errors>, ClientContext>
    : R extends Lazy<infer Part>
      ? RouterClient<Part, ClientContext>
      : { readonly [Name in keyof R]: RouterClient<R[Name], ClientContext> }

/**
 * The procedure at a path, found by own keys alone: nothing inherited can be called. A promise only where a part of the
 * router has to be loaded first, which may fail.
 */
export function findProcedure(
  router: unknown,
  path: readonly string[],
): Procedure | undefined | Promise<Procedure | undefined> {
  let node = router
  for (let depth = 0; ; depth++) {
    if (isLazy(node)) {
      const loaded = unlazy(node)
      if (loaded instanceof Promise) return loaded.then((router) => findProcedure(router, path.slice(depth)))
      node = loaded
    }
    const name = path[depth]
    if (name === undefined) return isProcedure(node) ? node : undefined
    if (typeof node !== 'object' || node === null || isProcedure(node) || !Object.hasOwn(node, name)) return undefined
    node = (node as ProcedureTree<Context>)[name]
  }
}
