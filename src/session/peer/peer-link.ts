import type { RPCError } from '../../core/error.ts'
import type { ConnectionStore } from '../../event/connection-state.ts'
import { toEventIdHeader } from '../../wire/event-id-header.ts'
import type { PeerHeaders } from '../../wire/peer.ts'
import type { CustomSerializer } from '../../wire/serializer.ts'
import { Serializer } from '../../wire/serializer.ts'
import {
  CallLink,
  type CallLinkOptions,
  type CallTransport,
  type OutgoingCall,
  pluginHeaders,
  type SendCall,
} from '../call-link.ts'
import type { PerRequest } from '../request-sender.ts'
import { ClientPeer, DEFAULT_HEARTBEAT } from './client-peer.ts'
import type { Connection } from './connection.ts'
import { Connector } from './connector.ts'
import { beatInterval } from './peer-channel.ts'
import { PeerClientCodec } from './peer-client-codec.ts'

type HeaderEntries = Readonly<Record<string, string | undefined>> | Headers

export interface PeerLinkOptions<ClientContext> extends CallLinkOptions<ClientContext> {
  /** Headers that every call carries. */
  readonly headers?: PerRequest<HeaderEntries, ClientContext> | undefined
  /**
   * Headers of the connection itself, such as a token: sent in its first message, asked for at every connect, and again
   * before the server lets them expire.
   */
  readonly connectionHeaders?: HeaderEntries | (() => HeaderEntries | Promise<HeaderEntries>) | undefined
  /** Types of your own on the wire; the server needs the same. */
  readonly customSerializers?: readonly CustomSerializer[] | undefined
  /** Silence, in ms, before the server is asked for a sign of life. Default: what the server says, else 15,000. */
  readonly heartbeat?: number | undefined
  /** How long the server may take to answer that, in ms. Default 10,000. */
  readonly heartbeatTimeout?: number | undefined
}

/** What a transport tells of a connection that it opens. */
export interface ConnectionEvents {
  onData(data: string | Uint8Array<ArrayBuffer>): void
  /** There was a sign of life that carried nothing. */
  onLife(): void
  onClose(code: number, reason: string): void
}

/** How connections come about. */
export interface Dialer {
  /** Whether it can open another one. */
  readonly reconnects: boolean
  /** Opens a connection; its events follow. Rejects when it cannot be opened, or the signal aborts. */
  dial(events: ConnectionEvents, signal: AbortSignal): Promise<Connection>
}

/** The client's side of a connection: all calls and streams over one, opened again when it is cut. */
export class PeerLink<ClientContext> extends CallLink<ClientContext> {
  readonly #connector: Connector

  constructor(dialer: Dialer, options: PeerLinkOptions<ClientContext>) {
    const codec = new PeerClientCodec(new Serializer({ customSerializers: options.customSerializers }))
    const connector: Connector = new Connector({
      open: (signal, onClose) => openPeer(dialer, codec, options, { signal, onClose, connector: () => connector }),
      reconnects: dialer.reconnects,
      isWanted: () => this.hasStreams,
      backoff: options.backoff,
    })
    const resume = dialer.reconnects ? options.resume : false
    super(new PeerTransport(connector, codec, options), { ...options, resume })
    this.#connector = connector
  }

  /** The state of the connection. */
  override get connection(): ConnectionStore {
    return this.#connector.state
  }

  /** Closes the connection: what is under way fails, and so does every later call. */
  close(): void {
    this.#connector.close()
    this.nudge()
  }
}

class PeerTransport<ClientContext> implements CallTransport<ClientContext> {
  readonly #connector: Connector
  readonly #codec: PeerClientCodec
  readonly #options: PeerLinkOptions<ClientContext>

  constructor(connector: Connector, codec: PeerClientCodec, options: PeerLinkOptions<ClientContext>) {
    this.#connector = connector
    this.#codec = codec
    this.#options = options
  }

  prepare(call: OutgoingCall<ClientContext>, onAnswer: () => void): SendCall {
    const { path, input, options } = call
    const { headers, plugins } = this.#options
    const ask = typeof headers === 'function' ? () => headers(options, path, input) : () => headers
    return async (lastEventId, signal) => {
      const request = await this.#codec.encodeCall(path, input, 'POST')
      let peer = await this.#connector.ready(signal)
      const own = { ...pluginHeaders(plugins, call), ...toPeerHeaders(await ask()) }
      // It may have been cut while the headers were asked for.
      while (peer.closed) peer = await this.#connector.ready(signal)
      const resuming = lastEventId === undefined ? {} : { 'last-event-id': toEventIdHeader(lastEventId) }
      signal?.throwIfAborted()
      const answer = await peer.call(request, { ...own, ...resuming }, signal)
      this.#connector.succeeded()
      onAnswer()
      return answer
    }
  }
}

interface Opening {
  readonly signal: AbortSignal
  readonly onClose: (refusal: RPCError | undefined) => void
  readonly connector: () => Connector
}

async function openPeer<ClientContext>(
  dialer: Dialer,
  codec: PeerClientCodec,
  options: PeerLinkOptions<ClientContext>,
  { signal, onClose, connector }: Opening,
): Promise<ClientPeer> {
  const { heartbeat, heartbeatTimeout = 10_000, connectionHeaders } = options
  const askHeaders = async (): Promise<PeerHeaders> =>
    toPeerHeaders(typeof connectionHeaders === 'function' ? await connectionHeaders() : connectionHeaders)
  // Asked for before the connection is there: its first message must not be late.
  const headers = await askHeaders()
  signal.throwIfAborted()
  let peer: ClientPeer | undefined
  // A server's first words may come with the opening itself, before whoever awaits that is told.
  const early: ((peer: ClientPeer) => void)[] = []
  const tell = (event: (peer: ClientPeer) => void): void => {
    if (peer === undefined) early.push(event)
    else event(peer)
  }
  const connection = await dialer.dial(
    {
      onData: (data) => tell((peer) => peer.receive(data)),
      onLife: () => tell((peer) => peer.heard()),
      onClose: (code, reason) => tell((peer) => peer.close(code, reason)),
    },
    signal,
  )
  const timers = new Timers()
  const opened = new ClientPeer(connection, {
    codec,
    heartbeat,
    heartbeatTimeout,
    onHello: (expires) => {
      if (expires === undefined) return
      timers.after(refreshDelay(expires), () => {
        askHeaders().then(
          (headers) => opened.sayHello(headers),
          // Without new credentials the server closes the connection when the old ones expire.
          () => {},
        )
      })
    },
    onDrain: () => connector().retire(opened),
    onClose: (refusal) => {
      timers.clear()
      onClose(refusal)
    },
  })
  peer = opened
  timers.every(beatInterval(heartbeat ?? DEFAULT_HEARTBEAT), () => opened.beat())
  if (connection.introduces || connectionHeaders !== undefined) opened.sayHello(headers)
  for (const event of early) event(opened)
  return opened
}

/** Some time before the credentials expire, but no earlier than half of their time. */
function refreshDelay(expires: number): number {
  return Math.max(expires / 2, expires - 30_000)
}

/** The longest that a timer can wait, in ms: with more it fires at once. */
const MAX_TIMER = 2 ** 31 - 1

class Timers {
  #interval: ReturnType<typeof setInterval> | undefined
  #timeout: ReturnType<typeof setTimeout> | undefined

  every(milliseconds: number, run: () => void): void {
    this.#interval = setInterval(run, milliseconds)
  }

  after(milliseconds: number, run: () => void): void {
    clearTimeout(this.#timeout)
    if (milliseconds <= MAX_TIMER) this.#timeout = setTimeout(run, milliseconds)
  }

  clear(): void {
    clearInterval(this.#interval)
    clearTimeout(this.#timeout)
  }
}

function toPeerHeaders(entries: HeaderEntries | undefined): PeerHeaders {
  const all = entries instanceof Headers ? [...entries] : Object.entries(entries ?? {})
  const given = all.filter((entry): entry is [string, string] => entry[1] !== undefined)
  return Object.fromEntries(given.map(([name, value]) => [name.toLowerCase(), value]))
}
