import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Context } from '../../src/server/middleware.ts'
import type { Router } from '../../src/server/router.ts'
import type { RPCHandlerOptions } from '../../src/session/rpc-session.ts'
import { RPCHandler as FetchRPCHandler } from '../../src/transport/fetch/rpc-handler.ts'
import { RPCHandler } from '../../src/transport/node/rpc-handler.ts'

export interface TestServer {
  readonly server: Server
  readonly port: number
  /** Where the router is served: `http://127.0.0.1:{port}/rpc`. */
  readonly url: string
  close(): Promise<void>
}

/** Listens on a free port of this machine, or on the given one. */
export async function listen(
  respond: (request: IncomingMessage, response: ServerResponse) => void,
  port = 0,
): Promise<TestServer> {
  const server = createServer(respond)
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve))
  const address = server.address() as AddressInfo
  return {
    server,
    port: address.port,
    url: `http://127.0.0.1:${address.port}/rpc`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

export type ServeOptions = RPCHandlerOptions & { readonly context?: Context; readonly port?: number }

/** Serves a router under `/rpc`; everything else is a plain 404. */
export type Serve = (router: Router, options?: ServeOptions) => Promise<TestServer>

export const serveNode: Serve = (router, { context = {}, port, ...options } = {}) => {
  const handler = new RPCHandler(router, options)
  return listen(async (request, response) => {
    const { matched } = await handler.handle(request, response, { prefix: '/rpc', context })
    if (!matched) response.writeHead(404).end('no match')
  }, port)
}

/** The fetch handler behind a server of `node:http`, bridged as the runtimes do it that have no `node:http` of their own. */
export const serveFetch: Serve = (router, { context = {}, port, ...options } = {}) => {
  const handler = new FetchRPCHandler(router, options)
  return listen(async (request, response) => {
    const left = new AbortController()
    response.once('close', () => left.abort())
    const answer = await handler.handle(toRequest(request, left.signal), { prefix: '/rpc', context })
    await sendResponse(response, answer.response ?? new Response('no match', { status: 404 }))
  }, port)
}

export function toRequest(request: IncomingMessage, signal: AbortSignal): Request {
  const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]))
  const { method = 'GET', url } = request
  const body = method === 'GET' || method === 'HEAD' ? null : Readable.toWeb(request)
  return new Request(`http://x.test${url}`, { method, headers, signal, body, duplex: 'half' } as RequestInit)
}

export async function sendResponse(target: ServerResponse, response: Response): Promise<void> {
  target.writeHead(response.status, [...response.headers].flat())
  target.flushHeaders()
  if (response.body === null) target.end()
  else await pipeline(Readable.fromWeb(response.body as never), target).catch(() => {})
}
