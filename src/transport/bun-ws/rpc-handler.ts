import type { Context } from '../../server/middleware.ts'
import type { InferRouterContext, Router } from '../../server/router.ts'
import type { DrainOptions } from '../../session/drain.ts'
import type { Connection } from '../../session/peer/connection.ts'
import { type RPCPeerHandlerOptions, RPCPeers } from '../../session/peer/rpc-peers.ts'
import type { ServerPeer } from '../../session/peer/server-peer.ts'
import { toFrameData } from '../../wire/chunks.ts'
import { BunConnection, type BunSocket, type BunWebSocketHandler } from './bun-socket.ts'

/** What `server.upgrade(request, { data })` has to be given for a router: nothing, or the context of the connection. */
export type BunSocketData<R extends Router> =
  Record<never, never> extends InferRouterContext<R>
    ? { readonly context?: (InferRouterContext<R> & Context) | undefined } | undefined
    : { readonly context: InferRouterContext<R> & Context }

interface Opened {
  readonly connection: Connection
  readonly peer: ServerPeer
}

/**
 * Serves a router over the WebSockets of `Bun.serve`.
 *
 * @example
 * const handler = new RPCHandler(router)
 * Bun.serve({
 *   websocket: handler.websocket,
 *   fetch: (request, server) => (server.upgrade(request) ? undefined : new Response('Not found', { status: 404 })),
 * })
 */
export class RPCHandler<R extends Router> {
  readonly #peers: RPCPeers
  readonly #opened = new WeakMap<object, Opened>()

  /** What `Bun.serve` calls back. A context comes through `server.upgrade(request, { data: { context } })`. */
  readonly websocket: BunWebSocketHandler<BunSocketData<R>> = {
    open: (ws) => void this.#open(ws),
    message: (ws, data) => this.message(ws, data),
    close: (ws) => this.close(ws),
    drain: (ws) => this.#opened.get(ws)?.connection.onRoom?.(),
    ping: (ws) => this.#opened.get(ws)?.peer.heard(),
    pong: (ws) => this.#opened.get(ws)?.peer.heard(),
  }

  constructor(router: R, options: RPCPeerHandlerOptions = {}) {
    this.#peers = new RPCPeers(router, options)
  }

  /**
   * Takes a message, where your own `WebSocketHandler` passes them on.
   *
   * @param options.context for the calls in this message; by default the one that the socket was upgraded with.
   */
  message(
    ws: BunSocket,
    data: string | ArrayBuffer | ArrayBufferView,
    options?: { readonly context?: (InferRouterContext<R> & Context) | undefined },
  ): void {
    this.#open(ws).peer.receive(toFrameData(data), options?.context)
  }

  /** The socket is closed. */
  close(ws: BunSocket): void {
    this.#opened.get(ws)?.peer.close()
  }

  /**
   * Lets everybody go on elsewhere, before the process stops: streams are cut, which their clients resume, calls
   * finish, then the sockets are closed. Stop listening first. Resolves when all is done, or the time is up.
   */
  drain(options?: DrainOptions): Promise<void> {
    return this.#peers.drain(options)
  }

  #open(ws: BunSocket): Opened {
    const known = this.#opened.get(ws)
    if (known !== undefined) return known
    const connection = new BunConnection(ws)
    const { context } = (ws.data ?? {}) as { readonly context?: Context }
    const opened = { connection, peer: this.#peers.open(connection, { context }) }
    this.#opened.set(ws, opened)
    return opened
  }
}
