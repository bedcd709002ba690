import type { ContractProcedure, HTTPMethod } from '../contract/contract-procedure.ts'

/** Where a procedure stands: the parts of its path, in order. */
export interface RoutePath {
  /** `/planets/{id}`: as in a document. */
  readonly template: string
  readonly parts: readonly PathPart[]
}

/** Text, or a parameter; one that is `rest` takes slashes, too. */
export type PathPart = { readonly text: string } | { readonly name: string; readonly rest: boolean }

/** The method of a procedure: by default POST. */
export function methodOf(procedure: ContractProcedure): HTTPMethod {
  return procedure['~headwater'].route.method ?? 'POST'
}

/** The path of a procedure: by default its place in the router, `/planet/find`. */
export function pathOf(procedure: ContractProcedure, path: readonly string[]): RoutePath {
  return parsePath(procedure['~headwater'].route.path ?? `/${path.map(encodeURIComponent).join('/')}`)
}

/** Takes `/planets/{id}/{+rest}` apart. */
export function parsePath(path: string): RoutePath {
  const clean = `/${path.split('/').filter(Boolean).join('/')}`
  const parts = clean.split(/(\{\+?[^{}]+\})/).flatMap((piece, index): PathPart[] => {
    if (index % 2 === 0) return piece === '' ? [] : [{ text: piece }]
    const rest = piece.startsWith('{+')
    return [{ name: piece.slice(rest ? 2 : 1, -1), rest }]
  })
  return { template: parts.map((part) => ('text' in part ? part.text : `{${part.name}}`)).join(''), parts }
}

/** The names of the parameters in a path, in order. */
export function paramNames({ parts }: RoutePath): readonly string[] {
  return parts.flatMap((part) => ('name' in part ? [part.name] : []))
}

/** Whether the input of a procedure travels in the query: where a request has no body. */
export function isBodiless(method: string): boolean {
  return method === 'GET' || method === 'HEAD'
}

/** A plain object: what has properties to be taken apart. */
export function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
