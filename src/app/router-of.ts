import { isProcedure, type Procedure } from '../server/procedure.ts'
import type { Router } from '../server/router.ts'

/** Procedures by their dotted names. */
export interface NamedProcedures {
  readonly [name: string]: Procedure
}

type FirstPart<Name extends string> = Name extends `${infer First}.${string}` ? First : Name

/** The tree that dotted names stand for: `'post.create'` is `post: { create }`. */
export type RouterOf<Named> = {
  readonly [First in FirstPart<keyof Named & string>]: First extends keyof Named
    ? Named[First]
    : RouterOf<{ readonly [Name in keyof Named as Name extends `${First}.${infer Rest}` ? Rest : never]: Named[Name] }>
}

/** Parts that no client could call: they mean something else on the way. */
const RESERVED = new Set(['__proto__', 'constructor', 'prototype', 'then'])

/** @throws {TypeError} when two procedures would stand in the same place, or none could be called by such a name. */
export function routerOf(named: NamedProcedures): Router {
  const root: Record<string, unknown> = {}
  for (const [name, procedure] of Object.entries(named)) {
    const parts = name.split('.')
    const last = parts.pop() as string
    let tree = root
    for (const part of parts) {
      tree[part] ??= {}
      tree = tree[part] as Record<string, unknown>
      if (isProcedure(tree)) throw new TypeError(`'${name}' cannot stand inside another procedure`)
    }
    if (last in tree) throw new TypeError(`There is something at '${name}' already`)
    tree[last] = procedure
  }
  return root as Router
}

export function assertName(name: string): void {
  const isUsable = name.split('.').every((part) => /^[\w$-]+$/.test(part) && !RESERVED.has(part))
  if (!isUsable)
    throw new TypeError(`'${name}' is no name for a procedure: use words with dots between, as in 'post.create'`)
}
