import type { Context } from '../../server/middleware.ts'
import type { InferRouterContext, Router } from '../../server/router.ts'
import type { DrainOptions } from '../../session/drain.ts'
import { type PeerOptions, type RPCPeerHandlerOptions, RPCPeers, type UpgradeRest } from '../../session/rpc-peers.ts'
import type { ServerPeer } from '../../session/server-peer.ts'
import { type CallbackSocket, onLife, type SocketLike, toConnection, toFrameData } from './socket-connection.ts'

/**
 * Serves a router over WebSockets: those of Deno, Workers and `ws`, anything that has the standard's methods.
 *
 * @example
 * const handler = new RPCHandler(router)
 * new WebSocketServer({ port: 3001 }).on('connection', (ws) => handler.upgrade(ws))
 */
export class RPCHandler<R extends Router> {
  readonly #peers: RPCPeers
  readonly #sockets = new WeakMap<object, ServerPeer>()

  constructor(router: R, options: RPCPeerHandlerOptions = {}) {
    this.#peers = new RPCPeers(router, options)
  }

  /**
   * Serves a socket until it closes.
   *
   * Where the runtime delivers messages by calling back, as hibernating Durable Objects do, call `message()` and
   * `close()` besides: what comes by both ways is taken once.
   */
  upgrade(socket: SocketLike, ...[options]: UpgradeRest<InferRouterContext<R> & Context>): void {
    // A browser's socket would give Blobs, which can be read only later, when other messages have overtaken them.
    if ('binaryType' in socket) socket.binaryType = 'arraybuffer'
    const peer = this.#open(socket, options)
    socket.addEventListener('message', ({ data }) => peer.receive(toFrameData(data)))
    socket.addEventListener('close', () => peer.close())
    // `ws` throws what nobody listens to.
    socket.addEventListener('error', () => peer.close())
    onLife(socket, () => peer.heard())
  }

  /**
   * Takes a message that the runtime delivers.
   *
   * @param options.context for the calls in this message; by default the one that the socket was upgraded with.
   */
  message(
    socket: CallbackSocket,
    data: string | ArrayBuffer | ArrayBufferView,
    options?: { readonly context?: (InferRouterContext<R> & Context) | undefined },
  ): void {
    const peer = this.#sockets.get(socket) ?? this.#open(socket, undefined)
    peer.receive(toFrameData(data), options?.context)
  }

  /** The socket is closed. */
  close(socket: CallbackSocket): void {
    this.#sockets.get(socket)?.close()
  }

  /**
   * Lets everybody go on elsewhere, before the process stops: streams are cut, which their clients resume, calls
   * finish, then the sockets are closed. Stop listening first. Resolves when all is done, or the time is up.
   */
  drain(options?: DrainOptions): Promise<void> {
    return this.#peers.drain(options)
  }

  #open(socket: CallbackSocket, options: PeerOptions | undefined): ServerPeer {
    const peer = this.#peers.open(toConnection(socket), { protocol: socket.protocol, ...options })
    this.#sockets.set(socket, peer)
    return peer
  }
}
