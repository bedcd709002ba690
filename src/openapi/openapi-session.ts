import type { Router } from '../server/router.ts'
import {
  createSession,
  DEFAULT_MAX_BODY_SIZE,
  RequestHandler,
  type RequestHandlerOptions,
} from '../session/request-handler.ts'
import type { RequestSession } from '../session/serve-request.ts'
import type { ServerRequest } from '../session/server-request.ts'
import type { SchemaConverter } from './json-schema.ts'
import { OpenAPICodec, type Routing } from './openapi-codec.ts'
import { type ProcedureFilter, RouteTable } from './route-table.ts'

/** What every handler of plain HTTP can be told. */
export interface OpenAPIHandlerOptions extends RequestHandlerOptions {
  /** Which procedures can be called. Default: all. */
  readonly filter?: ProcedureFilter | undefined
  /** Describe schemas that do not describe themselves: they decide which types of bodies a procedure takes. */
  readonly schemaConverters?: readonly SchemaConverter[] | undefined
}

/** The request session of plain HTTP, for procedures that are found by `routing`. */
export function createOpenAPISession(routing: Routing, options: OpenAPIHandlerOptions): RequestSession {
  const { maxBodySize = DEFAULT_MAX_BODY_SIZE, schemaConverters } = options
  return createSession(new OpenAPICodec({ routing, maxBodySize, schemaConverters }), options)
}

/** What the handlers of plain HTTP have in common. */
export class OpenAPIRequestHandler<R extends Router> extends RequestHandler {
  constructor(router: R, options: OpenAPIHandlerOptions = {}) {
    super(createOpenAPISession(routeByPath(new RouteTable(router, options.filter)), options))
  }
}

function routeByPath(table: RouteTable): Routing {
  return {
    async match(request, prefix) {
      const pathname = pathnameOf(request, prefix)
      return pathname === undefined ? undefined : table.find(request.method, pathname)
    },
    methodsAt(request, prefix) {
      const pathname = pathnameOf(request, prefix)
      return pathname === undefined ? [] : table.methodsAt(pathname)
    },
  }
}

/** What stands behind the prefix; `undefined` when the URL is not under it. */
function pathnameOf({ url }: ServerRequest, prefix: string): string | undefined {
  const [pathname = ''] = url.split('?', 1)
  if (!pathname.startsWith(prefix)) return undefined
  const rest = pathname.slice(prefix.length)
  if (rest === '') return '/'
  return rest.startsWith('/') ? rest : undefined
}
