import type { Context } from '../../server/middleware.ts'
import type { InferRouterContext, Router } from '../../server/router.ts'
import type { DrainOptions } from '../../session/drain.ts'
import { type RPCPeerHandlerOptions, RPCPeers, type UpgradeRest } from '../../session/peer/rpc-peers.ts'
import type { ServerPeer } from '../../session/peer/server-peer.ts'
import { openPort, type PortLike } from './port.ts'

/**
 * Serves a router over MessagePorts and their like: workers, frames, Electron, browser extensions.
 *
 * @example
 * const handler = new RPCHandler(router)
 * parentPort.on('message', ({ port }) => handler.upgrade(port))
 */
export class RPCHandler<R extends Router> {
  readonly #peers: RPCPeers

  constructor(router: R, options: RPCPeerHandlerOptions = {}) {
    this.#peers = new RPCPeers(router, options)
  }

  /** Serves a port until it closes. Give it one that carries nothing else. */
  upgrade(port: PortLike, ...[options]: UpgradeRest<InferRouterContext<R> & Context>): void {
    const connection = openPort(port, {
      onData: (data) => peer.receive(data),
      onGone: () => peer.close(),
    })
    const peer: ServerPeer = this.#peers.open(connection, options)
  }

  /**
   * Lets everybody go on elsewhere: streams are cut, which their clients resume if they have a way to another port,
   * calls finish, then the ports are closed. Resolves when all is done, or the time is up.
   */
  drain(options?: DrainOptions): Promise<void> {
    return this.#peers.drain(options)
  }
}
