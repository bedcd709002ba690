import type { Router } from '../../src/server/router.ts'
import type { Connection } from '../../src/session/peer/connection.ts'
import { type ConnectionEvents, type Dialer, PeerLink, type PeerLinkOptions } from '../../src/session/peer/peer-link.ts'
import { type PeerOptions, type RPCPeerHandlerOptions, RPCPeers } from '../../src/session/peer/rpc-peers.ts'
import type { FrameData } from '../../src/wire/chunks.ts'

/** The real one, taken before a test installs fake timers. */
const immediate = globalThis.setImmediate

interface Receiver {
  onData(data: FrameData): void
  onClose(code: number, reason: string): void
}

/** One end of a connection between two peers of the same process. */
export class ConnectionEnd implements Connection {
  readonly introduces = true
  onRoom?: (() => void) | undefined
  /** Every frame that was sent, delivered or not. */
  readonly sent: FrameData[] = []
  readonly pings: number[] = []
  /** How it was closed, by whichever side. */
  closed: { readonly code: number; readonly reason: string } | undefined
  receiver: Receiver | undefined
  other!: ConnectionEnd
  readonly #pair: ConnectionPair
  readonly #inFlight: FrameData[] = []

  constructor(pair: ConnectionPair) {
    this.#pair = pair
  }

  get buffered(): number {
    return this.#inFlight.reduce((size, frame) => size + frame.length, 0)
  }

  send(data: FrameData): void {
    if (this.closed !== undefined) return
    this.sent.push(data)
    this.#inFlight.push(data)
    if (!this.#pair.paused) immediate(() => this.deliver())
  }

  close(code: number, reason: string): void {
    if (this.closed !== undefined) return
    this.closed = { code, reason }
    // What was sent before arrives before.
    immediate(() => {
      while (this.#inFlight.length > 0) this.deliver()
      this.other.lose(code, reason)
    })
  }

  /** Delivers the oldest frame that is on its way; whether there was one. */
  deliver(): boolean {
    const frame = this.#inFlight.shift()
    if (frame === undefined) return false
    if (this.other.closed === undefined) {
      if (this.#pair.onFrame(this, frame)) this.other.receiver?.onData(frame)
      else this.#pair.cut()
    }
    this.onRoom?.()
    return true
  }

  lose(code: number, reason: string): void {
    if (this.closed !== undefined && this.closed.code !== code) return
    this.closed ??= { code, reason }
    this.#inFlight.length = 0
    const { receiver } = this
    this.receiver = undefined
    receiver?.onClose(code, reason)
  }
}

/** A connection whose frames are delivered one by one, by themselves or when the test says so. */
export class ConnectionPair {
  readonly client: ConnectionEnd = new ConnectionEnd(this)
  readonly server: ConnectionEnd = new ConnectionEnd(this)
  /** While it is, frames wait for `flush()` or `deliver()`. */
  paused = false
  /** Sees each frame before it is delivered; `false` cuts the connection instead. */
  onFrame: (from: ConnectionEnd, frame: FrameData) => boolean = () => true

  constructor() {
    this.client.other = this.server
    this.server.other = this.client
  }

  /** Both ends are gone, without a word. */
  cut(): void {
    this.client.lose(1006, '')
    this.server.lose(1006, '')
  }

  resume(): void {
    this.paused = false
    for (const end of [this.client, this.server]) while (end.deliver());
  }
}

/** Serves a router to raw frames: what the other side of a test sends, and what it is answered. */
export class RawPeer {
  readonly pair: ConnectionPair = new ConnectionPair()
  readonly received: FrameData[] = []

  constructor(peers: RPCPeers, options?: PeerOptions) {
    this.pair.client.receiver = { onData: (data) => this.received.push(data), onClose: () => {} }
    attach(peers, this.pair, options)
  }

  get closed(): { readonly code: number; readonly reason: string } | undefined {
    return this.pair.server.closed
  }

  send(frame: FrameData | object): void {
    const isObject = typeof frame === 'object' && !(frame instanceof Uint8Array)
    this.pair.client.send(isObject ? JSON.stringify(frame) : frame)
  }

  /** What was received, parsed; text only. */
  frames(): any[] {
    return this.received.map((frame) => JSON.parse(String(frame)))
  }
}

function attach(peers: RPCPeers, pair: ConnectionPair, options?: PeerOptions): void {
  const peer = peers.open(pair.server, options)
  pair.server.receiver ??= { onData: (data) => peer.receive(data), onClose: () => peer.close() }
}

export interface PairedOptions {
  readonly handler?: RPCPeerHandlerOptions
  readonly link?: PeerLinkOptions<Record<never, never>>
  readonly peer?: PeerOptions
  /** Is shown each connection before it opens; may refuse it by throwing. */
  readonly onDial?: (pair: ConnectionPair, number: number) => void | Promise<void>
}

/** Opens connections to whatever `peers` holds at the time. */
export class PairDialer implements Dialer {
  readonly reconnects = true
  readonly pairs: ConnectionPair[] = []
  peers: RPCPeers
  readonly #options: PairedOptions

  constructor(peers: RPCPeers, options: PairedOptions) {
    this.peers = peers
    this.#options = options
  }

  async dial(events: ConnectionEvents): Promise<Connection> {
    const pair = new ConnectionPair()
    await this.#options.onDial?.(pair, this.pairs.length)
    this.pairs.push(pair)
    pair.client.receiver = events
    attach(this.peers, pair, this.#options.peer)
    return pair.client
  }

  /** The latest connection. */
  get pair(): ConnectionPair {
    return this.pairs.at(-1) as ConnectionPair
  }
}

export interface Paired {
  readonly peers: RPCPeers
  readonly dialer: PairDialer
  readonly link: PeerLink<Record<never, never>>
}

/** A link and a handler with connections in between that the test holds in its hands. */
export function createPaired(router: Router, options: PairedOptions = {}): Paired {
  const peers = new RPCPeers(router, options.handler ?? {})
  const dialer = new PairDialer(peers, options)
  return { peers, dialer, link: new PeerLink(dialer, options.link ?? {}) }
}
