import { MetadataScanner, type ModulesContainer } from '@nestjs/core'
import { type ContractProcedure, type ContractRouter, isContractProcedure } from '../contract/contract-procedure.ts'
import { os } from '../server/builder.ts'
import type { Context } from '../server/middleware.ts'
import type { Procedure } from '../server/procedure.ts'
import type { ProcedureTree, Router } from '../server/router.ts'
import type { ServerRequest } from '../session/server-request.ts'
import { implementedBy } from './implemented.ts'
import type { ContextSource } from './nest-call.ts'
import type { ControllerRoute, NestPipeline } from './nest-pipeline.ts'
import { findOutput, StreamOutput } from './outputs.ts'
import { fromNestException } from './rpc-exception.ts'
import { type CallOrigin, RPCExchange } from './rpc-exchange.ts'
import { logger, logUnexpected } from './stream-errors.ts'

/** What a call of a controller's procedure comes with. */
export interface ControllerCall {
  readonly origin: CallOrigin
  /** Added by `asItsOwnRequest`. */
  readonly serverRequest?: ServerRequest | undefined
  /** What authentication of a connection has given. */
  readonly own?: Context | undefined
}

/** The routes of all controllers, by the contract that each implements. */
export function findControllerRoutes(modules: ModulesContainer): Map<ContractProcedure, ControllerRoute> {
  const scanner = new MetadataScanner()
  const routes = new Map<ContractProcedure, ControllerRoute>()
  for (const module of modules.values()) {
    for (const controller of module.controllers.values()) {
      const { metatype } = controller
      const prototype = (metatype?.prototype ?? {}) as Record<string, unknown>
      for (const method of scanner.getAllMethodNames(prototype)) {
        const contract = implementedBy(prototype[method])?.contract
        if (contract === undefined) continue
        const known = routes.get(contract)
        if (known === undefined) routes.set(contract, { controller, method })
        else
          logger.warn(
            `${nameOf({ controller, method })} is only a route: calls by other protocols go to ${nameOf(known)}`,
          )
      }
    }
  }
  return routes
}

/** As Nest calls its handler. */
export function nameOf({ controller, method }: ControllerRoute): string {
  return `${String(controller.name)}.${method}`
}

/** The procedures of a contract that controllers implement, each behind Nest's guards, interceptors, pipes and filters. */
export function createControllerRouter(
  contract: ContractRouter,
  routes: ReadonlyMap<ContractProcedure, ControllerRoute>,
  options: { readonly pipeline: NestPipeline; readonly context: ContextSource | undefined },
): Router<ControllerCall> {
  const build = (part: ContractRouter): Router<ControllerCall> | undefined => {
    if (isContractProcedure(part)) {
      const route = routes.get(part) ?? findByRoute(part, routes)
      return route && createProcedure(part, route, options)
    }
    const entries = Object.entries(part).flatMap(([name, child]) => {
      const built = build(child)
      return built === undefined ? [] : [[name, built] as const]
    })
    return entries.length === 0 ? undefined : (Object.fromEntries(entries) as ProcedureTree<ControllerCall>)
  }
  return build(contract) ?? {}
}

/** A contract that was put into another router is a copy: what it has in common with the original is where it stands. */
function findByRoute(
  contract: ContractProcedure,
  routes: ReadonlyMap<ContractProcedure, ControllerRoute>,
): ControllerRoute | undefined {
  const { route, input, output } = contract['~headwater']
  for (const [known, found] of routes) {
    const other = known['~headwater']
    const isSame =
      other.input === input && other.output === output && (other.route.method ?? 'POST') === (route.method ?? 'POST')
    if (isSame && route.path !== undefined && other.route.path !== undefined && route.path.endsWith(other.route.path))
      return found
  }
  return undefined
}

interface ProcedureOptions {
  readonly pipeline: NestPipeline
  readonly context: ContextSource | undefined
}

/** Input and output are validated inside, by the implementation that the controller hands out. */
function createProcedure(
  contract: ContractProcedure,
  route: ControllerRoute,
  options: ProcedureOptions,
): Procedure<ControllerCall> {
  const { route: httpRoute, meta, errors } = contract['~headwater']
  return os
    .$context<ControllerCall>()
    .errors(errors)
    .route(httpRoute)
    .meta(meta)
    .handler(async ({ input, context, signal, lastEventId, path }) => {
      const { origin, own = {}, serverRequest } = context
      if (serverRequest === undefined) throw new TypeError('A call of a controller needs its request')
      const call = { contract, origin, serverRequest, path, input, signal, lastEventId, context: own }
      return callController(route, new RPCExchange(call, options.context), options.pipeline)
    })
}

async function callController(route: ControllerRoute, exchange: RPCExchange, pipeline: NestPipeline): Promise<unknown> {
  let stream: StreamOutput | undefined
  try {
    const output = await pipeline.run(route, exchange)
    const answered = exchange.takeAnswer()
    if (answered !== undefined) return answered.output
    stream = findOutput(output, StreamOutput)
    return stream === undefined ? output : stream.source
  } catch (error) {
    logUnexpected(error)
    throw fromNestException(error)
  } finally {
    exchange.end(stream)
  }
}
