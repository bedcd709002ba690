import { HttpCode, Req, RequestMapping, RequestMethod, UseGuards } from '@nestjs/common'
import { HTTP_CODE_METADATA, ROUTE_ARGS_METADATA } from '@nestjs/common/internal'
import { type ContractProcedure, type ContractRouter, isContractProcedure } from '../contract/contract-procedure.ts'
import { methodOf } from '../openapi/route.ts'
import { type Implementation, type Implementer, implement as implementContract } from '../server/implement.ts'
import { isProcedure, type Procedure } from '../server/procedure.ts'
import { findProcedure } from '../server/router.ts'
import { exchangeOf } from './exchange.ts'
import type { HeadwaterContext } from './headwater-context.ts'
import { ImplementGuard } from './implement-guard.ts'
import { IMPLEMENTED, type Implemented } from './implemented.ts'
import { toRoutePattern } from './route-pattern.ts'

type Method = (...args: any[]) => unknown

/** Decorates a method that returns an implementation of the contract, or a promise of one. */
export type ImplementDecorator<Contract> = <
  ImplementMethod extends (
    ...args: any[]
  ) => Implementation<Contract, any> | PromiseLike<Implementation<Contract, any>>,
>(
  target: object,
  name: string | symbol,
  descriptor: TypedPropertyDescriptor<ImplementMethod>,
) => void

/** Begins the implementation of a contract in a controller: handlers get a `HeadwaterContext`. */
export function implement<Contract extends ContractRouter>(
  contract: Contract,
): Implementer<Contract, HeadwaterContext, HeadwaterContext> {
  return implementContract(contract) as Implementer<Contract, HeadwaterContext, HeadwaterContext>
}

/**
 * Makes a controller's method the implementation of a contract: of one procedure, or of a whole router. Each procedure
 * is a route of Nest's, at its contract's method and path.
 *
 * @throws {TypeError} when a procedure has no path: Nest routes by paths.
 * @example
 * ‎@Implement(contract.chat.send)
 * send() {
 *   return implement(contract.chat.send).handler(({ input }) => this.chat.send(input))
 * }
 */
export function Implement<const Contract extends ContractRouter>(contract: Contract): ImplementDecorator<Contract> {
  return (target, name, descriptor) => {
    const method = descriptor.value as Method | undefined
    if (method === undefined) throw new TypeError(`@Implement() stands on methods, and ${String(name)} is none`)
    if (isContractProcedure(contract)) {
      descriptor.value = implementProcedure(target, name, { method, contract, keys: [] }) as never
      return
    }
    UseGuards(ImplementGuard)(target, name, descriptor)
    for (const [keys, procedure] of proceduresOf(contract)) {
      const part = freeName(target, [String(name), ...keys].join('.'))
      copyParameters(target, name, part)
      const value = implementProcedure(target, part, { method, contract: procedure, keys })
      Object.defineProperty(target, part, { value, configurable: true, writable: true })
    }
  }
}

interface ImplementationSource {
  readonly method: Method
  readonly contract: ContractProcedure
  /** Where the procedure stands in what the method returns. */
  readonly keys: readonly string[]
}

/** The method as a route. Called by anybody but Nest it gives the implementation itself. */
function implementProcedure(
  target: object,
  name: string | symbol,
  { method, contract, keys }: ImplementationSource,
): Method {
  const { path, successStatus = 200 } = contract['~headwater'].route
  if (path === undefined) {
    const place = [String(name), ...keys].join('.')
    throw new TypeError(
      `@Implement() on ${place} needs a path: say .route({ path }), or give all of them one with populateContractRouterPaths()`,
    )
  }
  const requestIndex = countParameters(target, name, method)
  Req()(target, name, requestIndex)
  const route = async function (this: unknown, ...args: unknown[]): Promise<unknown> {
    const exchange = exchangeOf(args[requestIndex])
    const implementation = await method.apply(this, args.slice(0, requestIndex))
    const procedure = await findProcedure(implementation, keys)
    if (exchange === undefined) return procedure ?? implementation
    return exchange.run(assertProcedure(procedure, `${String(name)}()`))
  }
  // What decorators say of the method holds for its routes, be they above or below this one.
  Object.setPrototypeOf(route, method)
  const descriptor = { value: route }
  const implemented: Implemented = { contract, path: keys.length === 0 ? [String(name)] : keys }
  Reflect.defineMetadata(IMPLEMENTED, implemented, route)
  RequestMapping({ path: toRoutePattern(path), method: RequestMethod[methodOf(contract)] })(target, name, descriptor)
  if (Reflect.getMetadata(HTTP_CODE_METADATA, route) === undefined) HttpCode(successStatus)(target, name, descriptor)
  if (keys.length === 0) UseGuards(ImplementGuard)(target, name, descriptor)
  return route
}

function assertProcedure(procedure: Procedure | undefined, place: string): Procedure {
  if (isProcedure(procedure)) return procedure
  throw new TypeError(`${place} has to return the implementation of its contract: implement(contract).handler(…)`)
}

function* proceduresOf(
  router: ContractRouter,
  keys: readonly string[] = [],
): Generator<[readonly string[], ContractProcedure]> {
  if (isContractProcedure(router)) yield [keys, router]
  else for (const [key, child] of Object.entries(router)) yield* proceduresOf(child, [...keys, key])
}

/** How many arguments the method takes, by its decorators or by itself. */
function countParameters(target: object, name: string | symbol, method: Method): number {
  const decorated = (Reflect.getMetadata(ROUTE_ARGS_METADATA, target.constructor, name) ?? {}) as Record<
    string,
    { index: number }
  >
  return Math.max(method.length, ...Object.values(decorated).map(({ index }) => index + 1))
}

/** The routes of a router take the parameters of the method that returns it. */
function copyParameters(target: object, from: string | symbol, to: string): void {
  const decorated: unknown = Reflect.getMetadata(ROUTE_ARGS_METADATA, target.constructor, from)
  if (decorated !== undefined) Reflect.defineMetadata(ROUTE_ARGS_METADATA, { ...decorated }, target.constructor, to)
  for (const key of Reflect.getMetadataKeys(target, from)) {
    Reflect.defineMetadata(key, Reflect.getMetadata(key, target, from), target, to)
  }
}

function freeName(target: object, name: string): string {
  return name in target ? freeName(target, `${name}_`) : name
}
