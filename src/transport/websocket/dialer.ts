import { onAbort } from '../../core/abort.ts'
import { RPCError } from '../../core/error.ts'
import type { Connection } from '../../session/connection.ts'
import type { ConnectionEvents, Dialer } from '../../session/peer-link.ts'
import { toFrameData } from '../../wire/chunks.ts'
import { onLife, type SocketLike, toConnection } from './socket-connection.ts'

/** A client's WebSocket: what a server's needs, and the way to its opening. */
export interface ClientSocket extends SocketLike {
  readonly readyState: number
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void
  addEventListener(type: 'close', listener: (event: { readonly code: number; readonly reason: string }) => void): void
  addEventListener(type: 'open' | 'error', listener: () => void): void
}

const SUBPROTOCOL = 'headwater.1'
const CONNECTING = 0
const OPEN = 1

/** A socket that is there already. It is used as it is: when it is cut, that is the end. */
export class SocketDialer implements Dialer {
  readonly reconnects = false
  introduces = false
  readonly #socket: ClientSocket
  readonly #timeout: number

  constructor(socket: ClientSocket, timeout: number) {
    this.#socket = socket
    this.#timeout = timeout
  }

  async dial(events: ConnectionEvents, signal: AbortSignal): Promise<Connection> {
    const connection = await openSocket(this.#socket, events, this.#timeout, signal)
    this.introduces = hasAgreed(this.#socket)
    return connection
  }
}

/** Sockets made by the application. */
export class FactoryDialer implements Dialer {
  readonly reconnects = true
  introduces = false
  readonly #connect: () => ClientSocket | Promise<ClientSocket>
  readonly #timeout: number

  constructor(connect: () => ClientSocket | Promise<ClientSocket>, timeout: number) {
    this.#connect = connect
    this.#timeout = timeout
  }

  async dial(events: ConnectionEvents, signal: AbortSignal): Promise<Connection> {
    const socket = await this.#connect()
    const connection = await openSocket(socket, events, this.#timeout, signal)
    this.introduces = hasAgreed(socket)
    return connection
  }
}

/**
 * Sockets to a URL. Each offers the subprotocol; a server that leaves it unanswered makes browsers give up, so the first
 * that fails is followed by one without, and what worked is kept to.
 */
export class URLDialer implements Dialer {
  readonly reconnects = true
  introduces = false
  readonly #url: () => string | URL | Promise<string | URL>
  readonly #timeout: number
  #offers: boolean | undefined

  constructor(url: string | URL | (() => string | URL | Promise<string | URL>), timeout: number) {
    this.#url = typeof url === 'function' ? url : () => url
    this.#timeout = timeout
  }

  async dial(events: ConnectionEvents, signal: AbortSignal): Promise<Connection> {
    const url = await this.#url()
    if (this.#offers !== undefined) return this.#open(url, this.#offers, events, signal)
    try {
      return await this.#open(url, true, events, signal)
    } catch (error) {
      if (signal.aborted) throw error
      return await this.#open(url, false, events, signal)
    }
  }

  async #open(url: string | URL, offers: boolean, events: ConnectionEvents, signal: AbortSignal): Promise<Connection> {
    const { WebSocket } = globalThis as { WebSocket?: new (url: string | URL, protocols?: string[]) => ClientSocket }
    if (WebSocket === undefined) {
      throw new RPCError('BAD_REQUEST', {
        message: 'There is no WebSocket here: give the link `connect: () => new WebSocket(url)` with one of a package',
      })
    }
    const socket = offers ? new WebSocket(url, [SUBPROTOCOL]) : new WebSocket(url)
    const connection = await openSocket(socket, events, this.#timeout, signal)
    this.#offers = offers
    this.introduces = hasAgreed(socket)
    return connection
  }
}

/** Bun agrees to every subprotocol without a word to its server, so that the server has to be told in band. */
function hasAgreed(socket: ClientSocket): boolean {
  return socket.protocol === SUBPROTOCOL
}

function openSocket(
  socket: ClientSocket,
  events: ConnectionEvents,
  timeout: number,
  signal: AbortSignal,
): Promise<Connection> {
  // A browser's socket would give Blobs, which can be read only later, when other messages have overtaken them.
  if ('binaryType' in socket) socket.binaryType = 'arraybuffer'
  const connection = toConnection(socket)
  let isOpen = false
  return new Promise((resolve, reject) => {
    const settle = (finish: () => void): void => {
      clearTimeout(timer)
      offAbort()
      finish()
    }
    const succeed = (): void => {
      isOpen = true
      settle(() => resolve(connection))
    }
    const fail = (error: unknown): void => settle(() => reject(error))
    const giveUp = (error: unknown): void => {
      fail(error)
      connection.close(1000, '')
    }
    const timer = setTimeout(() => giveUp(failed(`It did not open within ${timeout} ms`)), timeout)
    const offAbort = onAbort(signal, () => giveUp(signal.reason))
    socket.addEventListener('open', succeed)
    socket.addEventListener('message', ({ data }) => events.onData(toFrameData(data)))
    // What is wrong is told by `close`, which follows.
    socket.addEventListener('error', () => {})
    socket.addEventListener('close', ({ code, reason }) => {
      if (isOpen) events.onClose(code, reason)
      else fail(failed(reason || `It was closed with code ${code}`))
    })
    onLife(socket, () => events.onLife())
    if (socket.readyState === OPEN) succeed()
    else if (socket.readyState !== CONNECTING) fail(failed('It is closed already'))
  })
}

function failed(what: string): RPCError {
  return new RPCError('CONNECTION_FAILED', { status: 503, message: `The WebSocket could not be opened. ${what}` })
}
