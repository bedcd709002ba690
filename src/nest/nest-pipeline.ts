import type { ContextType } from '@nestjs/common'
import { ROUTE_ARGS_METADATA, RouteParamtypes } from '@nestjs/common/internal'
import { ContextIdFactory, type ExternalContextCreator, type ModuleRef, type ParamsFactory } from '@nestjs/core'
import { Injector, type InstanceWrapper, REQUEST_CONTEXT_ID, STATIC_CONTEXT } from '@nestjs/core/internal'
import { RouteParamsFactory } from '@nestjs/core/router/route-params-factory.js'
import { isObservable, lastValueFrom } from 'rxjs'
import { CallExecution } from './call-execution.ts'
import { openExchange } from './exchange.ts'
import type { PlatformAdapter } from './platform.ts'
import type { RPCExchange } from './rpc-exchange.ts'

/** A method of a controller, and where Nest keeps that. */
export interface ControllerRoute {
  readonly controller: InstanceWrapper
  readonly method: string
}

type Run = (request: unknown, response: unknown) => Promise<unknown>

/** What of Nest's creator of such pipelines is not public, or made for providers. */
interface CreatorParts {
  readonly guardsConsumer: object
  readonly interceptorsConsumer: object
  getParamValue(value: unknown, metadata: { readonly type: unknown }, pipes: readonly unknown[]): Promise<unknown>
}

interface FiltersHandler {
  invokeCustomFilters(error: unknown, host: CallExecution): unknown
}

/** Guards, interceptors, pipes and filters around the methods of controllers, for calls that are no requests to their routes. */
export class NestPipeline {
  readonly #external: ExternalContextCreator
  readonly #adapter: PlatformAdapter
  readonly #moduleRef: ModuleRef
  readonly #injector = new Injector()
  readonly #creators = new Map<string, ExternalContextCreator>()
  readonly #static = new WeakMap<ControllerRoute, Map<ContextType, Run>>()

  constructor(external: ExternalContextCreator, moduleRef: ModuleRef, adapter: PlatformAdapter) {
    this.#external = external
    this.#moduleRef = moduleRef
    this.#adapter = adapter
  }

  /** What comes out of a route's interceptors. Rejects with what no filter has taken. */
  async run(route: ControllerRoute, exchange: RPCExchange): Promise<unknown> {
    const { request, response } = exchange
    openExchange(request, exchange)
    const run = route.controller.isDependencyTreeStatic()
      ? this.#runStatic(route, exchange.type)
      : await this.#runScoped(route, exchange)
    return run(request, response)
  }

  #runStatic(route: ControllerRoute, type: ContextType): Run {
    const runs = this.#static.get(route) ?? new Map<ContextType, Run>()
    this.#static.set(route, runs)
    const run = runs.get(type) ?? this.#create(route, route.controller.instance, type, STATIC_CONTEXT)
    runs.set(type, run)
    return run
  }

  async #runScoped(route: ControllerRoute, { request, type }: RPCExchange): Promise<Run> {
    const { controller } = route
    const contextId = ContextIdFactory.getByRequest(request as never)
    if (!Object.hasOwn(request, REQUEST_CONTEXT_ID)) {
      Object.defineProperty(request, REQUEST_CONTEXT_ID, { value: contextId })
      const { payload } = contextId as { payload?: object }
      const provided = controller.isDependencyTreeDurable() ? payload : Object.assign(request, payload)
      this.#moduleRef.registerRequestByContextId(provided, contextId)
    }
    const { host } = controller
    if (host === undefined) throw new TypeError(`${String(controller.name)} belongs to no module`)
    const instance = await this.#injector.loadPerContext(controller.instance, host, host.controllers, contextId)
    return this.#create(route, instance, type, contextId)
  }

  #create(
    { controller, method }: ControllerRoute,
    instance: any,
    type: ContextType,
    contextId: { readonly id: number },
  ): Run {
    const creator = this.#creatorOf(controller.host?.token ?? '')
    const options = { guards: true, interceptors: true, filters: true }
    return creator.create(
      instance,
      instance[method],
      method,
      ROUTE_ARGS_METADATA,
      PARAMETERS,
      contextId,
      controller.id,
      options,
      type,
    )
  }

  /** Nest makes such pipelines for providers: a controller's module has to be told. */
  #creatorOf(moduleKey: string): ExternalContextCreator {
    const known = this.#creators.get(moduleKey)
    if (known !== undefined) return known
    const external = this.#external as unknown as CreatorParts
    const createContext = (args: unknown[], instance: object, handler: unknown): CallExecution =>
      new CallExecution(args, instance.constructor, handler)
    const creator: ExternalContextCreator = Object.assign(Object.create(this.#external), {
      getHostModuleKey: () => moduleKey,
      getContextModuleKey: () => moduleKey,
      guardsConsumer: Object.assign(Object.create(external.guardsConsumer), { createContext }),
      interceptorsConsumer: Object.assign(Object.create(external.interceptorsConsumer), { createContext }),
      externalErrorProxy: { createProxy: this.#withFilters },
      getParamValue: ((value, metadata, pipes) =>
        UNPIPED.includes(metadata.type)
          ? Promise.resolve(value)
          : external.getParamValue(value, metadata, pipes)) satisfies CreatorParts['getParamValue'],
    })
    this.#creators.set(moduleKey, creator)
    return creator
  }

  /** Filters may answer on the response, or give back or throw what becomes of the call. */
  readonly #withFilters = (target: Run, handler: FiltersHandler): Run => {
    return async (request, response) => {
      try {
        return await target(request, response)
      } catch (error) {
        const result = await handler.invokeCustomFilters(error, new CallExecution([request, response]))
        const value: unknown = isObservable(result) ? await lastValueFrom(result) : result
        if (this.#adapter.isHeadersSent(response)) return undefined
        if (value === undefined || value instanceof Error) throw value ?? error
        return value
      }
    }
  }
}

/** As on any route, pipes are for what clients send. */
const UNPIPED: readonly unknown[] = [RouteParamtypes.REQUEST, RouteParamtypes.RESPONSE, RouteParamtypes.NEXT]

const params: RouteParamsFactory = new RouteParamsFactory()

const PARAMETERS: ParamsFactory = {
  exchangeKeyForValue: (type, data, [req, res]) =>
    params.exchangeKeyForValue(type, data as string, { req, res, next: () => {} }),
}
