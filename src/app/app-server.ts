import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Router } from '../server/router.ts'
import { isAllowedOrigin } from '../session/allowed-origin.ts'
import type { RPCHandlerOptions } from '../session/rpc-session.ts'
import { RPCHandler as SocketRPCHandler } from '../transport/websocket/rpc-handler.ts'
import type { SocketLike } from '../transport/websocket/socket-connection.ts'
import type { Arrival } from './app-context.ts'
import { type NamedProcedures, routerOf } from './router-of.ts'
import { type AppOpenAPIOptions, type Served, serveOpenAPI, serveRPC } from './served.ts'
import { serveStreamsPage } from './streams-page.ts'

export interface ListenOptions {
  /** The address to listen on. Default: all of this machine. */
  readonly host?: string | undefined
}

/** A server that listens. */
export interface RunningServer {
  readonly port: number
  /** Where it is on this machine: `http://localhost:3000`. */
  readonly url: string
  /** Stops without loss: calls finish, streams go on elsewhere or once there is a server again. */
  close(): Promise<void>
}

export interface AppServerOptions extends RPCHandlerOptions {
  readonly prefix?: `/${string}` | undefined
  readonly openapi?: AppOpenAPIOptions | false | undefined
  readonly streamsPage?: `/${string}` | boolean | undefined
  readonly allowOrigins?: readonly string[] | undefined
}

/** What is needed of the package `ws`. */
interface SocketServer {
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer, onOpen: (socket: SocketLike) => void): void
}

/** Serves an app's procedures by all that it speaks. Each request goes to the first that knows it. */
export class AppServer {
  readonly #options: AppServerOptions
  readonly #prefix: `/${string}`
  readonly #served: readonly Served[]
  readonly #sockets: SocketRPCHandler<Router<Arrival>>

  constructor(named: NamedProcedures, options: AppServerOptions) {
    const { prefix = '/rpc', openapi = {}, streamsPage = isDevelopment() } = options
    const router = routerOf(named)
    this.#options = options
    this.#prefix = prefix
    const served = [serveRPC(router, prefix, options)]
    if (openapi !== false) served.push(serveOpenAPI(router, openapi, options))
    if (streamsPage !== false) {
      served.push(serveStreamsPage(named, streamsPage === true ? '/streams' : streamsPage, prefix))
    }
    this.#served = served
    const { maxBodySize: maxFrameSize } = options
    this.#sockets = new SocketRPCHandler(router, { ...options, maxFrameSize })
  }

  async fetch(request: Request): Promise<Response> {
    for (const served of this.#served) {
      const { response } = await served.fetch(request)
      if (response !== undefined) return response
    }
    return new Response('Not found', { status: 404 })
  }

  async listen(port = 0, { host }: ListenOptions = {}): Promise<RunningServer> {
    const { createServer } = await import('node:http')
    const socketServer = await this.#createSocketServer()
    const server = createServer((request, response) => void this.#answer(request, response))
    server.on('upgrade', (request, socket, head) => this.#upgrade(socketServer, request, socket, head))
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, host, resolve))
    const address = server.address() as AddressInfo
    return { port: address.port, url: `http://localhost:${address.port}`, close: () => this.#close(server) }
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    for (const served of this.#served) {
      if ((await served.node(request, response)).matched) return
    }
    response.writeHead(404, { 'content-type': 'text/plain' }).end('Not found')
  }

  #upgrade(server: SocketServer | undefined, request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { url = '/', headers } = request
    // Who leaves while this is decided is nobody's error.
    socket.on('error', () => {})
    const refusal = this.#refusalOf(request, url, server !== undefined)
    if (refusal !== undefined || server === undefined) {
      socket.end(`HTTP/1.1 ${refusal}\r\nconnection: close\r\n\r\n`)
      return
    }
    const given = Object.entries(headers).filter(([name]) => !/^(connection|upgrade|sec-websocket-.*)$/.test(name))
    const upgrade = { url, headers: new Headers(given.map(([name, value]): [string, string] => [name, String(value)])) }
    server.handleUpgrade(request, socket, head, (opened) => this.#sockets.upgrade(opened, { context: { upgrade } }))
  }

  #refusalOf(request: IncomingMessage, url: string, isInstalled: boolean): string | undefined {
    if (url.replace(/\?.*$/, '').replace(/\/+$/, '') !== this.#prefix) return '404 Not Found'
    if (!isAllowedOrigin(request, this.#options.allowOrigins)) return '403 Forbidden'
    return isInstalled ? undefined : '501 Not Implemented'
  }

  /** `undefined` where `ws` is not installed. */
  async #createSocketServer(): Promise<SocketServer | undefined> {
    const maxPayload = this.#options.maxBodySize ?? 1024 * 1024
    try {
      const { WebSocketServer } = await import('ws')
      return new WebSocketServer({ noServer: true, maxPayload }) as unknown as SocketServer
    } catch {
      return undefined
    }
  }

  async #close(server: Server): Promise<void> {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()))
    await Promise.all([this.#sockets.drain(), ...this.#served.map((served) => served.drain())])
    server.closeAllConnections()
    await closed
  }
}

function isDevelopment(): boolean {
  const { process } = globalThis as { readonly process?: { readonly env?: { readonly NODE_ENV?: string } } }
  return process?.env?.NODE_ENV !== 'production'
}
