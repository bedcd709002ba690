import type { BeforeApplicationShutdown, OnApplicationShutdown, OnModuleInit } from '@nestjs/common'
import type { AbstractHttpAdapter, ExternalContextCreator, ModuleRef, ModulesContainer } from '@nestjs/core'
import { createControllerRouter, findControllerRoutes, nameOf } from './controller-router.ts'
import { letBodiesThrough } from './fastify-bodies.ts'
import type { HeadwaterModuleOptions } from './headwater-options.ts'
import type { HTTPRoutes } from './http-routes.ts'
import { NestPipeline } from './nest-pipeline.ts'
import { RPCRoutes } from './rpc-routes.ts'
import { logger } from './stream-errors.ts'
import { WebSocketRoutes } from './websocket-routes.ts'

/** What of Nest the server is built on. */
export interface NestParts {
  readonly adapter: AbstractHttpAdapter
  readonly modules: ModulesContainer
  readonly external: ExternalContextCreator
  readonly moduleRef: ModuleRef
}

/** What the module starts with the application, and lets go of with it. */
export class HeadwaterServer implements OnModuleInit, BeforeApplicationShutdown, OnApplicationShutdown {
  readonly #options: HeadwaterModuleOptions
  readonly #nest: NestParts
  readonly #httpRoutes: HTTPRoutes
  #rpc: RPCRoutes | undefined
  #websocket: WebSocketRoutes | undefined

  constructor(options: HeadwaterModuleOptions, httpRoutes: HTTPRoutes, nest: NestParts) {
    this.#options = options
    this.#httpRoutes = httpRoutes
    this.#nest = nest
  }

  /** By now Nest has its routes, and not yet the answer to requests that are for none of them. */
  onModuleInit(): void {
    const { adapter, modules, external, moduleRef } = this.#nest
    const routes = findControllerRoutes(modules)
    if (adapter.getType() === 'fastify') {
      letBodiesThrough(adapter.getInstance(), new Set([...routes.values()].map(nameOf)))
    }
    const { contract, context, rpc = false, websocket, interceptors = [], heartbeat } = this.#options
    if (rpc === false && websocket === undefined) return
    if (contract === undefined) {
      throw new TypeError(
        'HeadwaterModule: the RPC protocol calls procedures by their place in the contract, so give `contract`',
      )
    }
    const pipeline = new NestPipeline(external, moduleRef, adapter)
    const router = createControllerRouter(contract, routes, { pipeline, context })
    if (Object.keys(router).length === 0) logger.warn('No controller implements any part of the contract')
    const shared = { heartbeat, interceptors }
    if (rpc !== false) {
      const own = rpc === true ? {} : rpc
      this.#rpc = new RPCRoutes(router, {
        ...shared,
        ...own,
        interceptors: [...interceptors, ...(own.interceptors ?? [])],
      })
      this.#rpc.mount(adapter)
    }
    if (websocket !== undefined) {
      const all = [...interceptors, ...(websocket.interceptors ?? [])]
      this.#websocket = new WebSocketRoutes(router, { ...shared, ...websocket, interceptors: all })
      this.#websocket.mount(adapter.getHttpServer())
    }
  }

  /** Streams would keep the server open for ever: their clients resume them elsewhere. */
  async beforeApplicationShutdown(): Promise<void> {
    const timeout = this.#options.drainTimeout
    await Promise.all([this.#httpRoutes, this.#rpc, this.#websocket].map((routes) => routes?.drain({ timeout })))
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#options.publisher?.close()
  }
}
