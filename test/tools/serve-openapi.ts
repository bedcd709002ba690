import type { OpenAPIHandlerOptions } from '../../src/openapi/openapi-session.ts'
import type { Context } from '../../src/server/middleware.ts'
import type { Router } from '../../src/server/router.ts'
import { OpenAPIHandler as FetchOpenAPIHandler } from '../../src/transport/fetch/openapi-handler.ts'
import { OpenAPIHandler } from '../../src/transport/node/openapi-handler.ts'
import { listen, sendResponse, type TestServer, toRequest } from './serve.ts'

export type ServeOpenAPIOptions = OpenAPIHandlerOptions & { readonly context?: Context; readonly port?: number }

/** Serves a router by its routes under `/api`; everything else is a plain 404. The server's `url` ends with `/api`. */
export type ServeOpenAPI = (router: Router, options?: ServeOpenAPIOptions) => Promise<TestServer>

export const serveOpenAPINode: ServeOpenAPI = async (router, { context = {}, port, ...options } = {}) => {
  const handler = new OpenAPIHandler(router, options)
  const server = await listen(async (request, response) => {
    const { matched } = await handler.handle(request, response, { prefix: '/api', context })
    if (!matched) response.writeHead(404).end('no match')
  }, port)
  return { ...server, url: server.url.replace('/rpc', '/api') }
}

export const serveOpenAPIFetch: ServeOpenAPI = async (router, { context = {}, port, ...options } = {}) => {
  const handler = new FetchOpenAPIHandler(router, options)
  const server = await listen(async (request, response) => {
    const left = new AbortController()
    response.once('close', () => left.abort())
    const answer = await handler.handle(toRequest(request, left.signal), { prefix: '/api', context })
    await sendResponse(response, answer.response ?? new Response('no match', { status: 404 }))
  }, port)
  return { ...server, url: server.url.replace('/rpc', '/api') }
}
