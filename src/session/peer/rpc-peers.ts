import type { Context } from '../../server/middleware.ts'
import type { Router } from '../../server/router.ts'
import { decodeMessage } from '../../wire/message.ts'
import { Serializer } from '../../wire/serializer.ts'
import type { DrainOptions } from '../drain.ts'
import { createRPCSession, type RPCHandlerOptions } from '../rpc-session.ts'
import type { Authenticated } from './authentication.ts'
import type { Connection } from './connection.ts'
import { beatInterval } from './peer-channel.ts'
import { type PeerSession, ServerPeer } from './server-peer.ts'

/** What every handler of connections can be told. */
export interface RPCPeerHandlerOptions extends Omit<RPCHandlerOptions, 'maxBodySize'> {
  /** Largest message that is accepted, in bytes. More closes the connection. Default 1 MiB. */
  readonly maxFrameSize?: number | undefined
  /** The most calls that may be under way on a connection. More are `TOO_MANY_REQUESTS`. Default 1,000. */
  readonly maxCalls?: number | undefined
  /** How long a client may take to answer a heartbeat before it counts as gone, in ms. Default 10,000. */
  readonly heartbeatTimeout?: number | undefined
}

/** What a handler is told of a connection. The context may be left out where the router needs none. */
export type UpgradeOptions<InitialContext extends Context> = UpgradeSettings &
  (Record<never, never> extends InitialContext
    ? { readonly context?: InitialContext | undefined; readonly authenticate?: Authenticate<Context> | undefined }
    :
        | { readonly context: InitialContext; readonly authenticate?: Authenticate<Context> | undefined }
        | {
            readonly context?: Partial<InitialContext> | undefined
            readonly authenticate: Authenticate<InitialContext>
          })

export interface UpgradeSettings {
  /** How long the proof may take to come, in ms. Default 10,000. */
  readonly authenticateWithin?: number | undefined
  /** The subprotocol that was answered to the client, where the socket itself does not tell: in Workers. */
  readonly protocol?: string | undefined
}

/**
 * Decides who the client is, from the `connectionHeaders` of its link, or from the headers of the first call of another
 * client: at the start, and again whenever it presents new ones. Throws what refuses it.
 */
export type Authenticate<Proven extends Context> = (
  headers: Headers,
) => Authenticated<Proven> | Promise<Authenticated<Proven>>

export type UpgradeRest<InitialContext extends Context> =
  Record<never, never> extends InitialContext
    ? [options?: UpgradeOptions<InitialContext>]
    : [options: UpgradeOptions<InitialContext>]

/** What a connection is opened with, whatever the router's context. */
export interface PeerOptions extends UpgradeSettings {
  readonly context?: Context | undefined
  readonly authenticate?: Authenticate<Context> | undefined
  /** Whether the context was forgotten in a sleep. */
  readonly contextLost?: boolean | undefined
}

/** The connections of one handler: their calls, their heartbeats, their end. */
export class RPCPeers {
  readonly #session: PeerSession
  readonly #peers = new Set<ServerPeer>()
  #timer: ReturnType<typeof setInterval> | undefined

  constructor(router: Router, options: RPCPeerHandlerOptions) {
    const { maxFrameSize = 1024 * 1024, maxCalls = 1000, heartbeatTimeout = 10_000, customSerializers } = options
    const serializer = new Serializer({ customSerializers })
    this.#session = {
      ...createRPCSession(router, { ...options, maxBodySize: maxFrameSize }),
      maxFrameSize,
      maxCalls,
      heartbeatTimeout,
      decodeMessage: (message) => decodeMessage(serializer, message),
    }
  }

  open(connection: Connection, options: PeerOptions = {}): ServerPeer {
    const { context = {}, protocol, contextLost = false, ...proof } = options
    let onEnd: (() => void) | undefined
    const peer: ServerPeer = new ServerPeer(this.#session, connection, {
      ...proof,
      context,
      contextLost,
      hibernates: connection.hibernates ?? false,
      extended: protocol === 'headwater.1',
      onClose: () => {
        onEnd?.()
        this.#forget(peer)
      },
    })
    // One that outlives this process keeps its own time, is no part of a drain, and may vanish without a word.
    if (connection.hibernates) return peer
    onEnd = this.#session.monitor?.onConnection(peer)
    this.#peers.add(peer)
    this.#timer ??= setInterval(() => this.#beat(), beatInterval(this.#session.heartbeat))
    if (this.#session.drain.started) peer.drain()
    return peer
  }

  /** Sends everybody elsewhere: streams are cut and resume there, calls finish, then the connections are closed. */
  async drain(options?: DrainOptions): Promise<void> {
    const drained = this.#session.drain.start(options)
    for (const peer of [...this.#peers]) peer.drain()
    await drained
    for (const peer of [...this.#peers]) peer.end()
  }

  /** One timer for all connections. */
  #beat(): void {
    for (const peer of this.#peers) peer.beat()
  }

  #forget(peer: ServerPeer): void {
    this.#peers.delete(peer)
    if (this.#peers.size > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
  }
}
