import { type DynamicModule, type FactoryProvider, Module, type ModuleMetadata, type Type } from '@nestjs/common'
import { ExternalContextCreator, HttpAdapterHost, ModuleRef, ModulesContainer, REQUEST } from '@nestjs/core'
import type { HeadwaterModuleOptions } from './headwater-options.ts'
import { HeadwaterServer } from './headwater-server.ts'
import { HTTPRoutes } from './http-routes.ts'
import { PUBLISHER } from './inject-publisher.ts'
import { addErrorFilter } from './rpc-error-filter.ts'

export interface HeadwaterModuleFactory {
  createHeadwaterOptions(): HeadwaterModuleOptions | Promise<HeadwaterModuleOptions>
}

/** Where the options come from: one of `useFactory`, `useClass` and `useExisting`. */
export interface HeadwaterModuleAsyncOptions extends Pick<ModuleMetadata, 'imports'> {
  readonly useFactory?: ((...args: any[]) => HeadwaterModuleOptions | Promise<HeadwaterModuleOptions>) | undefined
  readonly inject?: FactoryProvider['inject'] | undefined
  readonly useClass?: Type<HeadwaterModuleFactory> | undefined
  readonly useExisting?: Type<HeadwaterModuleFactory> | undefined
}

const OPTIONS: unique symbol = Symbol('HeadwaterModuleOptions')

/**
 * Serves the controllers of an application as their contracts say. Global: import it once, in the root module.
 *
 * @example
 * HeadwaterModule.forRoot({ contract, rpc: true, context: ({ request }) => ({ session: request.session }) })
 */
// biome-ignore lint/complexity/noStaticOnlyClass: modules of Nest's are classes.
export class HeadwaterModule {
  static forRoot(options: HeadwaterModuleOptions = {}): DynamicModule {
    return createModule([{ provide: OPTIONS, useValue: options }])
  }

  /** As `forRoot`, with options that need providers: `useFactory` with `inject`, `useClass` or `useExisting`. */
  static forRootAsync(options: HeadwaterModuleAsyncOptions): DynamicModule {
    const { imports = [], inject = [], useFactory, useClass, useExisting } = options
    if (inject.includes(REQUEST)) {
      throw new TypeError(
        'HeadwaterModule: its options are made once. For what a request has, give `context: ({ request }) => …`',
      )
    }
    if (useFactory !== undefined) return createModule([{ provide: OPTIONS, inject: [...inject], useFactory }], imports)
    const factory = useClass ?? useExisting
    if (factory === undefined)
      throw new TypeError('HeadwaterModule.forRootAsync() needs useFactory, useClass or useExisting')
    const create = (made: HeadwaterModuleFactory): ReturnType<HeadwaterModuleFactory['createHeadwaterOptions']> =>
      made.createHeadwaterOptions()
    const provider = { provide: OPTIONS, inject: [factory], useFactory: create }
    return createModule(useClass === undefined ? [provider] : [provider, useClass], imports)
  }
}

Module({})(HeadwaterModule)

function createModule(
  providers: NonNullable<DynamicModule['providers']>,
  imports: DynamicModule['imports'] = [],
): DynamicModule {
  return {
    module: HeadwaterModule,
    global: true,
    imports,
    providers: [
      ...providers,
      {
        provide: HTTPRoutes,
        inject: [OPTIONS, HttpAdapterHost, ExternalContextCreator],
        useFactory: createRoutes,
      },
      {
        provide: HeadwaterServer,
        inject: [OPTIONS, HTTPRoutes, HttpAdapterHost, ModulesContainer, ExternalContextCreator, ModuleRef],
        useFactory: createServer,
      },
      { provide: PUBLISHER, inject: [OPTIONS], useFactory: ({ publisher }: HeadwaterModuleOptions) => publisher },
    ],
    exports: [HTTPRoutes, PUBLISHER],
  }
}

/** Before Nest makes its routes, which take the filters that there are by then. */
function createRoutes(
  options: HeadwaterModuleOptions,
  { httpAdapter }: HttpAdapterHost,
  external: ExternalContextCreator,
): HTTPRoutes {
  addErrorFilter(external, httpAdapter)
  return new HTTPRoutes(httpAdapter, options)
}

function createServer(
  options: HeadwaterModuleOptions,
  httpRoutes: HTTPRoutes,
  { httpAdapter: adapter }: HttpAdapterHost,
  modules: ModulesContainer,
  external: ExternalContextCreator,
  moduleRef: ModuleRef,
): HeadwaterServer {
  return new HeadwaterServer(options, httpRoutes, { adapter, modules, external, moduleRef })
}
