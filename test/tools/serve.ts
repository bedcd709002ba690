import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Context } from '../../src/server/middleware.ts'
import type { Router } from '../../src/server/router.ts'
import type { RPCHandlerOptions } from '../../src/session/rpc-session.ts'
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

/** Serves a router under `/rpc`; everything else is a plain 404. */
export function serve(
  router: Router,
  options: RPCHandlerOptions & { readonly context?: Context; readonly port?: number } = {},
): Promise<TestServer> {
  const { context = {}, port, ...handlerOptions } = options
  const handler = new RPCHandler(router, handlerOptions)
  return listen(async (request, response) => {
    const { matched } = await handler.handle(request, response, { prefix: '/rpc', context })
    if (!matched) response.writeHead(404).end('no match')
  }, port)
}
