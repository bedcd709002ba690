import type { IncomingMessage, ServerResponse } from 'node:http'
import type { OpenAPIInfo } from '../openapi/document/openapi-document.ts'
import {
  OpenAPIReferencePlugin,
  type OpenAPIReferencePluginOptions,
} from '../openapi/reference/openapi-reference-plugin.ts'
import { SmartCoercionPlugin } from '../openapi/smart-coercion-plugin.ts'
import type { Router } from '../server/router.ts'
import type { RPCHandlerOptions } from '../session/rpc-session.ts'
import { OpenAPIHandler as FetchOpenAPIHandler } from '../transport/fetch/openapi-handler.ts'
import { RPCHandler as FetchRPCHandler } from '../transport/fetch/rpc-handler.ts'
import { OpenAPIHandler as NodeOpenAPIHandler } from '../transport/node/openapi-handler.ts'
import { RPCHandler as NodeRPCHandler } from '../transport/node/rpc-handler.ts'
import type { Arrival } from './app-context.ts'

/** One protocol of an app over HTTP, on servers of Node and where a `Request` is answered with a `Response`. */
export interface Served {
  node(request: IncomingMessage, response: ServerResponse): Promise<{ readonly matched: boolean }>
  fetch(request: Request): Promise<{ readonly response: Response | undefined }>
  drain(): Promise<unknown>
}

/** The app as plain HTTP, and its OpenAPI document. */
export interface AppOpenAPIOptions extends Omit<OpenAPIReferencePluginOptions, 'generate'> {
  /** Where it is served. Default `/api`. */
  readonly prefix?: `/${string}` | undefined
  /** What the document says of the app. */
  readonly info?: OpenAPIInfo | undefined
}

type Handlers =
  | readonly [NodeRPCHandler<Router<Arrival>>, FetchRPCHandler<Router<Arrival>>]
  | readonly [NodeOpenAPIHandler<Router<Arrival>>, FetchOpenAPIHandler<Router<Arrival>>]

export function serveRPC(router: Router, prefix: `/${string}`, options: RPCHandlerOptions): Served {
  return toServed(prefix, [new NodeRPCHandler(router, options), new FetchRPCHandler(router, options)])
}

export function serveOpenAPI(router: Router, openapi: AppOpenAPIOptions, options: RPCHandlerOptions): Served {
  const { prefix = '/api', info = { title: 'API', version: '0.0.0' }, ...reference } = openapi
  const coercion = new SmartCoercionPlugin({ schemaConverters: openapi.schemaConverters })
  const document = new OpenAPIReferencePlugin(router, { ...reference, generate: { info } })
  const all = { ...options, plugins: [...(options.plugins ?? []), coercion, document] }
  return toServed(prefix, [new NodeOpenAPIHandler(router, all), new FetchOpenAPIHandler(router, all)])
}

function toServed(prefix: `/${string}`, [node, fetch]: Handlers): Served {
  return {
    node: (request, response) => node.handle(request, response, { prefix, context: {} }),
    fetch: (request) => fetch.handle(request, { prefix, context: {} }),
    drain: () => Promise.all([node.drain(), fetch.drain()]),
  }
}
