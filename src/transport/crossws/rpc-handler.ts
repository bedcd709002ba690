import type { Context } from '../../server/middleware.ts'
import type { InferRouterContext, Router } from '../../server/router.ts'
import type { DrainOptions } from '../../session/drain.ts'
import type { Connection } from '../../session/peer/connection.ts'
import { type RPCPeerHandlerOptions, RPCPeers } from '../../session/peer/rpc-peers.ts'
import type { ServerPeer } from '../../session/peer/server-peer.ts'
import { toFrameData } from '../../wire/chunks.ts'
import {
  CrosswsConnection,
  type CrosswsMessage,
  type CrosswsPeer,
  offeredProtocol,
  type SUBPROTOCOL,
} from './crossws-peer.ts'

/** Hooks for crossws. */
export interface CrosswsHooks {
  upgrade(request: { readonly headers: Headers }): { protocol: typeof SUBPROTOCOL } | undefined
  open(peer: CrosswsPeer): void
  message(peer: CrosswsPeer, message: CrosswsMessage): void
  close(peer: CrosswsPeer): void
  error(peer: CrosswsPeer): void
  drain(peer: CrosswsPeer): void
}

interface Opened {
  readonly connection: Connection
  readonly peer: ServerPeer
}

/**
 * Serves a router over crossws, and so on every runtime that crossws knows.
 *
 * @example
 * const handler = new RPCHandler(router)
 * const ws = crossws({ hooks: handler.hooks })
 */
export class RPCHandler<R extends Router> {
  readonly #peers: RPCPeers
  readonly #opened = new WeakMap<object, Opened>()

  /** For `crossws({ hooks })` and `defineWebSocketHandler`. Calls get the context that an `upgrade` hook gave the peer. */
  readonly hooks: CrosswsHooks = {
    upgrade: ({ headers }) => {
      const protocol = offeredProtocol(headers)
      return protocol && { protocol }
    },
    open: (peer) => void this.#open(peer),
    message: (peer, message) => this.message(peer, message),
    close: (peer) => this.close(peer),
    error: (peer) => this.close(peer),
    drain: (peer) => this.#opened.get(peer)?.connection.onRoom?.(),
  }

  constructor(router: R, options: RPCPeerHandlerOptions = {}) {
    this.#peers = new RPCPeers(router, options)
  }

  /**
   * Takes a message, for a `message` hook of your own.
   *
   * @param options.context for the calls in this message; by default the context of the peer.
   */
  message(
    peer: CrosswsPeer,
    message: CrosswsMessage,
    options?: { readonly context?: (InferRouterContext<R> & Context) | undefined },
  ): void {
    const { rawData } = message
    const data = typeof rawData === 'string' ? rawData : toFrameData(message.uint8Array())
    this.#open(peer).peer.receive(data, options?.context)
  }

  /** The peer is closed. */
  close(peer: CrosswsPeer): void {
    this.#opened.get(peer)?.peer.close()
  }

  /**
   * Lets everybody go on elsewhere, before the process stops: streams are cut, which their clients resume, calls
   * finish, then the sockets are closed. Stop listening first. Resolves when all is done, or the time is up.
   */
  drain(options?: DrainOptions): Promise<void> {
    return this.#peers.drain(options)
  }

  #open(peer: CrosswsPeer): Opened {
    const known = this.#opened.get(peer)
    if (known !== undefined) return known
    const connection = new CrosswsConnection(peer)
    const protocol = offeredProtocol(peer.request?.headers)
    const opened = { connection, peer: this.#peers.open(connection, { context: { ...peer.context }, protocol }) }
    this.#opened.set(peer, opened)
    return opened
  }
}
