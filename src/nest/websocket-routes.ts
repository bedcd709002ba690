import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Context } from '../server/middleware.ts'
import type { Router } from '../server/router.ts'
import { isAllowedOrigin } from '../session/allowed-origin.ts'
import type { DrainOptions } from '../session/drain.ts'
import type { Authenticated } from '../session/peer/authentication.ts'
import type { RPCPeerHandlerOptions } from '../session/peer/rpc-peers.ts'
import { RPCHandler } from '../transport/websocket/rpc-handler.ts'
import type { SocketLike } from '../transport/websocket/socket-connection.ts'
import type { ControllerCall } from './controller-router.ts'
import { OpenStreams } from './open-streams.ts'
import type { PlatformRequest } from './platform.ts'
import { asItsOwnRequest } from './rpc-routes.ts'

/** What is needed of a server of `ws`, made with `{ noServer: true }`. */
export interface UpgradeServer {
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer, done: (socket: any) => void): void
}

/** What the WebSockets of a Nest application can be told. */
export interface WebSocketRoutesOptions extends RPCPeerHandlerOptions {
  /** `new WebSocketServer({ noServer: true })` of `ws`. */
  readonly server: UpgradeServer
  /** Where sockets are opened. Default `/ws`. */
  readonly path?: `/${string}` | undefined
  /** Pages of which other origins may open sockets. Default: none but those of this host. */
  readonly allowOrigins?: readonly string[] | undefined
  /** Decides who a client is, from its `connectionHeaders`; what it gives is added to the context of its calls. */
  readonly authenticate?:
    | ((headers: Headers, request: IncomingMessage) => Authenticated | Promise<Authenticated>)
    | undefined
}

/** What is needed of a server of `node:http`. */
export interface UpgradeSource {
  on(event: 'upgrade', listener: (request: IncomingMessage, socket: Duplex, head: Buffer) => void): unknown
  listenerCount(event: string): number
}

/** How long a client may take to answer that its socket is closed, in ms. */
const CLOSING = 2_000

/** Serves controllers over WebSockets, beside their routes. */
export class WebSocketRoutes {
  readonly #handler: RPCHandler<Router<ControllerCall>>
  readonly #options: WebSocketRoutesOptions
  readonly #open = new OpenStreams()

  constructor(router: Router<ControllerCall>, options: WebSocketRoutesOptions) {
    const { server, path, allowOrigins, authenticate, interceptors = [], ...rest } = options
    this.#options = options
    this.#handler = new RPCHandler(router, {
      ...rest,
      interceptors: [...interceptors, withOwnContext, asItsOwnRequest],
    })
  }

  mount(source: UpgradeSource): void {
    const { path = '/ws', server, allowOrigins } = this.#options
    source.on('upgrade', (request, socket, head) => {
      if (request.url?.split('?', 1)[0] !== path) {
        // Somebody else's, if there is anybody else.
        if (source.listenerCount('upgrade') === 1) refuse(socket, '404 Not Found')
      } else if (!isAllowedOrigin(request, allowOrigins)) refuse(socket, '403 Forbidden')
      else {
        void this.#open.add(socket)
        server.handleUpgrade(request, socket, head, (ws) => this.upgrade(ws, request))
      }
    })
  }

  /** Serves a socket that has been opened already. */
  upgrade(socket: SocketLike, request: IncomingMessage): void {
    const { authenticate } = this.#options
    const context: ControllerCall = { origin: { request: request as PlatformRequest, socket } }
    if (authenticate === undefined) this.#handler.upgrade(socket, { context })
    else this.#handler.upgrade(socket, { context, authenticate: (headers) => authenticate(headers, request) })
  }

  async drain(options?: DrainOptions): Promise<void> {
    await this.#handler.drain(options)
    await this.#open.closed(CLOSING)
    this.#open.cut()
  }
}

/** What authentication has added to the context of the connection is for the procedures. */
const withOwnContext = ({
  context,
  next,
}: {
  context: Context
  next: (changed: { context: Context }) => Promise<unknown>
}): Promise<unknown> => {
  const { origin, ...own } = context as ControllerCall
  return next({ context: { origin, own } })
}

function refuse(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`)
}
