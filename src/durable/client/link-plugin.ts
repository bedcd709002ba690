import { createClientProxy } from '../../contract/client-proxy.ts'
import type { CallOptions } from '../../contract/procedure-client.ts'
import type { BackoffOptions } from '../../core/backoff.ts'
import { RPCError } from '../../core/error.ts'
import type { ConnectionState } from '../../event/connection-state.ts'
import type { EventIterator } from '../../event/event-iterator.ts'
import type { LinkInterceptorOptions, LinkPlugin } from '../../session/call-link.ts'
import type { ClientSocket } from '../../transport/websocket/dialer.ts'
import type { CustomSerializer } from '../../wire/serializer.ts'
import { readTokenPayload } from '../token-payload.ts'
import { readToken } from '../token-stream.ts'
import { RoomConnection, type RoomConnectionOptions } from './room-connection.ts'
import type { RenewToken } from './room-tokens.ts'

type URLOf = string | URL | ((options: LinkInterceptorOptions<any>) => string | URL | Promise<string | URL>)

export interface DurableEventIteratorLinkPluginOptions {
  /** Where the objects let clients in: `wss://…`. A function is told of the call, and asked at each connect. */
  readonly url: URLOf
  /** Makes the WebSockets, for runtimes without a global one. They have to offer the given subprotocols. */
  readonly connect?: ((url: string, protocols: string[]) => ClientSocket | Promise<ClientSocket>) | undefined
  /** Types of your own on the wire; the object needs the same. */
  readonly customJsonSerializers?: readonly CustomSerializer[] | undefined
  /** How long a connection that was cut waits before it is opened again. */
  readonly backoff?: BackoffOptions | undefined
  /** Silence, in ms, before the object is asked for a sign of life. Default: what it says, else 15,000. */
  readonly heartbeat?: number | undefined
  /** How long it may take to answer that, in ms. Default 10,000. */
  readonly heartbeatTimeout?: number | undefined
  /** How long a socket may take to open, in ms. Default 10,000. */
  readonly connectTimeout?: number | undefined
}

/**
 * Lets calls give durable event iterators: their events come from the object itself, over a WebSocket that all iterators
 * with the same token share, and they have the methods that their token allows.
 *
 * @example
 * const link = new RPCLink({ url, plugins: [new DurableEventIteratorLinkPlugin({ url: 'wss://example.com/chat-room' })] })
 */
export class DurableEventIteratorLinkPlugin implements LinkPlugin {
  readonly #options: DurableEventIteratorLinkPluginOptions
  readonly #connections = new Map<string, WeakRef<RoomConnection>>()
  readonly interceptor: NonNullable<LinkPlugin['interceptor']> = async (options) => {
    const states = new AnswerStates(options.onConnectionState)
    try {
      const output = await options.next({ onConnectionState: states.report })
      const token = readToken(output)
      if (token === undefined) return output
      states.goOn()
      return this.#open(token, options)
    } finally {
      states.end()
    }
  }

  constructor(options: DurableEventIteratorLinkPluginOptions) {
    this.#options = options
  }

  async #open(token: string, options: Parameters<this['interceptor']>[0]): Promise<EventIterator<unknown>> {
    const { next, ...call } = options
    // The same call again, which is none of the stream's: neither its signal nor its place.
    const renew: RenewToken = async (signal) => {
      const fresh = readToken(await next({ signal, lastEventId: undefined, onConnectionState: undefined }))
      if (fresh !== undefined) return fresh
      throw new RPCError('BAD_REQUEST', { message: 'The procedure gives no durable event iterator any more' })
    }
    const connection = this.#connectionFor(token, renew, call)
    const stream = await connection.subscribe(token, call)
    for (const method of readTokenPayload(token)?.rpc ?? []) {
      // What iterates must go on to do so, and be no promise.
      if (method in stream || method === 'then') continue
      const client = createClientProxy(
        (path, input, options: CallOptions) => connection.call(path, input, options),
        [method],
      )
      Object.defineProperty(stream, method, { value: client, enumerable: true })
    }
    return stream
  }

  /** One for all tokens that say the same but for their times. */
  #connectionFor(token: string, renew: RenewToken, call: LinkInterceptorOptions<any>): RoomConnection {
    const { chn, att, tags, rpc } = readTokenPayload(token) ?? {}
    const { url } = this.#options
    const isShared = typeof url !== 'function'
    const key = JSON.stringify([chn, att, tags, rpc])
    const known = isShared ? this.#connections.get(key)?.deref() : undefined
    if (known !== undefined) return known
    const connection = new RoomConnection(token, renew, this.#connectionOptions(call))
    if (isShared) {
      for (const [key, other] of this.#connections) if (other.deref() === undefined) this.#connections.delete(key)
      this.#connections.set(key, new WeakRef(connection))
    }
    return connection
  }

  #connectionOptions(call: LinkInterceptorOptions<any>): RoomConnectionOptions {
    const { url, connect = openSocket, customJsonSerializers: customSerializers, connectTimeout } = this.#options
    const { backoff, heartbeat, heartbeatTimeout } = this.#options
    return {
      url: () => (typeof url === 'function' ? url(call) : url),
      connect,
      timeout: connectTimeout ?? 10_000,
      customSerializers,
      backoff,
      heartbeat,
      heartbeatTimeout,
    }
  }
}

type ReportState = NonNullable<CallOptions['onConnectionState']>

/** The states of a call until it is known whether its answer is a stream that comes from elsewhere: then it is not over. */
class AnswerStates {
  readonly #report: ReportState | undefined
  #isAnswered = false
  #closed: ConnectionState | undefined

  constructor(report: ReportState | undefined) {
    this.#report = report
  }

  get report(): ReportState | undefined {
    const report = this.#report
    return (
      report &&
      ((state) => {
        if (state.status === 'closed' && !this.#isAnswered) this.#closed = state
        else report(state)
      })
    )
  }

  goOn(): void {
    this.#closed = undefined
  }

  end(): void {
    this.#isAnswered = true
    if (this.#closed !== undefined) this.#report?.(this.#closed)
  }
}

function openSocket(url: string, protocols: string[]): ClientSocket {
  const { WebSocket } = globalThis as { WebSocket?: new (url: string, protocols: string[]) => ClientSocket }
  if (WebSocket !== undefined) return new WebSocket(url, protocols)
  const message =
    'There is no WebSocket here: give the plugin `connect: (url, protocols) => new WebSocket(url, protocols)` with one of a package'
  throw new RPCError('BAD_REQUEST', { message })
}
