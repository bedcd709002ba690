import { addRoute, createRouter, findRoute } from 'rou3'
import { RPCError } from '../core/error.ts'
import { isLazy, type Lazy, unlazy } from '../server/lazy.ts'
import { isProcedure, type Procedure } from '../server/procedure.ts'
import type { Router } from '../server/router.ts'
import type { ProcedureMatch } from '../session/codec.ts'
import { methodOf, type PathPart, paramNames, parsePath, pathOf, type RoutePath } from './route.ts'

/** A procedure that a request asks for, with what its path says. */
export interface OpenAPIMatch extends ProcedureMatch {
  /** Decoded. */
  readonly params: Readonly<Record<string, string>>
}

/** Which procedures of a router can be asked for. */
export type ProcedureFilter = (options: { readonly procedure: Procedure; readonly path: readonly string[] }) => boolean

interface RouteEntry extends ProcedureMatch {
  readonly names: readonly string[]
}

interface UnloadedPart {
  readonly part: Lazy<Router>
  readonly path: readonly string[]
  /** Requests with another path need not load it. */
  readonly pattern: RegExp | undefined
}

/** The procedures of a router by method and path. Lazy parts are loaded when a request comes that may be theirs. */
export class RouteTable {
  readonly #routes = createRouter<RouteEntry>()
  readonly #methods = new Set<string>()
  readonly #filter: ProcedureFilter
  readonly #unloaded = new Set<UnloadedPart>()

  constructor(router: Router, filter: ProcedureFilter = () => true) {
    this.#filter = filter
    this.#add(router, [])
  }

  /** @throws {RPCError} `BAD_REQUEST` when the path is not well encoded. Rejects when a lazy part cannot be loaded. */
  async find(method: string, pathname: string): Promise<OpenAPIMatch | undefined> {
    const failure = this.#unloaded.size === 0 ? undefined : await this.#load(pathname)
    const found = this.#find(method, pathname) ?? (method === 'HEAD' ? this.#find('GET', pathname) : undefined)
    if (found !== undefined) return found
    if (failure !== undefined) throw failure.reason
    return undefined
  }

  /** The methods with which procedures stand at a path, of those that are loaded. */
  methodsAt(pathname: string): readonly string[] {
    const methods = [...this.#methods].filter((method) => findRoute(this.#routes, method, pathname) !== undefined)
    return methods.includes('GET') && !methods.includes('HEAD') ? [...methods, 'HEAD'] : methods
  }

  #find(method: string, pathname: string): OpenAPIMatch | undefined {
    const found = findRoute(this.#routes, method, pathname)
    if (found === undefined) return undefined
    const { procedure, path, names } = found.data
    return {
      procedure,
      path,
      params: Object.fromEntries(names.map((name, index) => [name, decode(found.params?.[`p${index}`])])),
    }
  }

  #add(router: Router, path: readonly string[]): void {
    if (isProcedure(router)) this.#addProcedure(router, path)
    else if (isLazy(router)) this.#addLazy(router as Lazy<Router>, path)
    else for (const [name, child] of Object.entries(router)) this.#add(child, [...path, name])
  }

  #addProcedure(procedure: Procedure, path: readonly string[]): void {
    if (!this.#filter({ procedure, path })) return
    const method = methodOf(procedure)
    const route = pathOf(procedure, path)
    this.#methods.add(method)
    addRoute(this.#routes, method, toPattern(route), { procedure, path, names: paramNames(route) })
  }

  #addLazy(part: Lazy<Router>, path: readonly string[]): void {
    const { prefix } = part['~lazy']
    const pattern =
      prefix === undefined ? undefined : toPrefixPattern([parsePath(prefix), parsePath(`/${path.join('/')}`)])
    this.#unloaded.add({ part, path, pattern })
  }

  /** Loads what may have the path, and what is lazy in that; a part that fails is tried again by the next request. */
  async #load(pathname: string): Promise<PromiseRejectedResult | undefined> {
    const due = [...this.#unloaded].filter(({ pattern }) => pattern === undefined || pattern.test(pathname))
    if (due.length === 0) return undefined
    const results = await Promise.allSettled(
      due.map(async (unloaded) => {
        const router = await unlazy(unloaded.part)
        // Another request may have been waiting for the same part.
        if (this.#unloaded.delete(unloaded)) this.#add(router, unloaded.path)
      }),
    )
    const failure = results.find((result) => result.status === 'rejected')
    return failure ?? this.#load(pathname)
  }
}

/** The path as rou3 takes it: parameters by their place, since their names may be anything. */
function toPattern({ parts }: RoutePath): string {
  let pattern = ''
  let count = 0
  for (const part of parts) {
    if ('text' in part) pattern += escapeText(part.text, pattern)
    else pattern += toParameter(part, `p${count++}`, pattern)
  }
  return pattern
}

function toParameter({ rest }: Extract<PathPart, { readonly name: string }>, name: string, before: string): string {
  if (!rest) return `:${name}`
  return before.endsWith('/') ? `**:${name}` : `:${name}(.*)`
}

function escapeText(text: string, before: string): string {
  const escaped = text.replace(/[\\:*(){}?+]/g, '\\$&')
  return /:p\d+$/.test(before) && /^\w/.test(escaped) ? `\\${escaped}` : escaped
}

/** What the paths of procedures begin with that have one, and of those that stand where the router has them. */
function toPrefixPattern(prefixes: readonly RoutePath[]): RegExp {
  const alternatives = prefixes.map(({ parts }) =>
    parts.map((part) => ('text' in part ? part.text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&') : '[^/]+')).join(''),
  )
  return new RegExp(`^(?:${alternatives.join('|')})(?:/|$)`)
}

function decode(value: string | undefined): string {
  try {
    return decodeURIComponent(value ?? '')
  } catch (cause) {
    throw new RPCError('BAD_REQUEST', { message: 'The path is not well encoded', cause })
  }
}
