import type { Context } from '../../server/middleware.ts'
import type { InferRouterContext, Router } from '../../server/router.ts'
import type { DrainOptions } from '../../session/drain.ts'
import { CloseCode } from '../../session/peer/connection.ts'
import {
  type PeerOptions,
  type RPCPeerHandlerOptions,
  RPCPeers,
  type UpgradeRest,
} from '../../session/peer/rpc-peers.ts'
import type { ServerPeer } from '../../session/peer/server-peer.ts'
import { toFrameData } from '../../wire/chunks.ts'
import { leaveNote, readNote } from './hibernation-note.ts'
import { listen, toServerConnection } from './server-socket.ts'
import { type CallbackSocket, CONNECTING, OPEN, type SocketLike } from './socket-connection.ts'

const CLOSING = 2

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
    if (socket.readyState === CONNECTING) socket.addEventListener('open', () => this.#serve(socket, options))
    else this.#serve(socket, options)
  }

  #serve(socket: SocketLike, options: PeerOptions | undefined): void {
    const known = { ...options, protocol: options?.protocol ?? socket.protocol }
    const peer = this.#open(socket, known)
    leaveNote(socket, known)
    listen(socket, peer)
    // It may have been closed while the application got ready for it: no event tells any more.
    if ((socket.readyState ?? OPEN) !== OPEN) peer.close()
  }

  /**
   * Takes a message that the runtime delivers.
   *
   * @param options.context for the calls in this message; by default the one that the socket was upgraded with. Where
   *   that is gone, because the object has slept since, the socket is closed, and its client connects again.
   */
  message(
    socket: CallbackSocket,
    data: string | ArrayBuffer | ArrayBufferView,
    options?: { readonly context?: (InferRouterContext<R> & Context) | undefined },
  ): void {
    const peer = this.#sockets.get(socket) ?? this.#open(socket, readNote(socket))
    peer.receive(toFrameData(data), options?.context)
  }

  /** The socket is closed, by its client or by the network. */
  close(socket: CallbackSocket): void {
    this.#sockets.get(socket)?.close()
    // Some runtimes leave it to the application to answer.
    if (socket.readyState === CLOSING) toServerConnection(socket).close(CloseCode.DONE, '')
  }

  /**
   * Lets everybody go on elsewhere, before the process stops: streams are cut, which their clients resume, calls
   * finish, then the sockets are closed. Stop listening first. Resolves when all is done, or the time is up.
   */
  drain(options?: DrainOptions): Promise<void> {
    return this.#peers.drain(options)
  }

  #open(socket: CallbackSocket, options: PeerOptions): ServerPeer {
    const peer = this.#peers.open(toServerConnection(socket), options)
    this.#sockets.set(socket, peer)
    return peer
  }
}
