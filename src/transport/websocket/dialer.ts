import { onAbort } from '../../core/abort.ts'
import { RPCError } from '../../core/error.ts'
import type { Connection } from '../../session/peer/connection.ts'
import type { ConnectionEvents, Dialer } from '../../session/peer/peer-link.ts'
import { toFrameData } from '../../wire/chunks.ts'
import { CONNECTING, OPEN, onLife, type SocketLike, toConnection } from './socket-connection.ts'

/** A client's WebSocket: what a server's needs, and the way to its opening. */
export interface ClientSocket extends SocketLike {
  readonly readyState: number
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void
  addEventListener(type: 'close', listener: (event: { readonly code: number; readonly reason: string }) => void): void
  addEventListener(type: 'open' | 'error', listener: () => void): void
}

const SUBPROTOCOL = 'headwater.1'

/** A socket that is there already. It is used as it is: when it is cut, that is the end. */
export class SocketDialer implements Dialer {
  readonly reconnects = false
  readonly #socket: ClientSocket
  readonly #timeout: number

  constructor(socket: ClientSocket, timeout: number) {
    this.#socket = socket
    this.#timeout = timeout
  }

  dial(events: ConnectionEvents, signal: AbortSignal): Promise<Connection> {
    return openSocket(this.#socket, events, this.#timeout, signal)
  }
}

/** Sockets made by the application. */
export class FactoryDialer implements Dialer {
  readonly reconnects = true
  readonly #connect: () => ClientSocket | Promise<ClientSocket>
  readonly #timeout: number

  constructor(connect: () => ClientSocket | Promise<ClientSocket>, timeout: number) {
    this.#connect = connect
    this.#timeout = timeout
  }

  async dial(events: ConnectionEvents, signal: AbortSignal): Promise<Connection> {
    return openSocket(await this.#connect(), events, this.#timeout, signal)
  }
}

/**
 * Sockets to a URL. Each offers the subprotocol; a server that leaves it unanswered makes browsers give up, so until one
 * has worked, one that fails is followed by one without.
 */
export class URLDialer implements Dialer {
  readonly reconnects = true
  readonly #url: () => string | URL | Promise<string | URL>
  readonly #timeout: number
  #isAnswered = false

  constructor(url: string | URL | (() => string | URL | Promise<string | URL>), timeout: number) {
    this.#url = typeof url === 'function' ? url : () => url
    this.#timeout = timeout
  }

  async dial(events: ConnectionEvents, signal: AbortSignal): Promise<Connection> {
    const url = await this.#url()
    signal.throwIfAborted()
    try {
      const connection = await this.#open(url, [SUBPROTOCOL], events, signal)
      this.#isAnswered = true
      return connection
    } catch (error) {
      if (signal.aborted || this.#isAnswered) throw error
      // It may be one of ours all the same, on a runtime that leaves the answer to the application.
      const connection = await this.#open(url, [], events, signal)
      return Object.assign(connection, { introduces: true })
    }
  }

  async #open(
    url: string | URL,
    protocols: string[],
    events: ConnectionEvents,
    signal: AbortSignal,
  ): Promise<Connection> {
    const { WebSocket } = globalThis as { WebSocket?: new (url: string | URL, protocols?: string[]) => ClientSocket }
    if (WebSocket === undefined) {
      throw new RPCError('BAD_REQUEST', {
        message: 'There is no WebSocket here: give the link `connect: () => new WebSocket(url)` with one of a package',
      })
    }
    return openSocket(new WebSocket(url, protocols), events, this.#timeout, signal)
  }
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
  return new Promise((resolve, reject) => {
    let isOpen = false
    let offAbort: (() => void) | undefined
    const settle = (): void => {
      clearTimeout(timer)
      offAbort?.()
    }
    const succeed = (): void => {
      isOpen = true
      settle()
      // Bun agrees to every subprotocol without a word to its server, so that the server has to be told in band.
      resolve(Object.assign(connection, { introduces: socket.protocol === SUBPROTOCOL }))
    }
    const fail = (error: unknown): void => {
      settle()
      reject(error)
    }
    const giveUp = (error: unknown): void => {
      fail(error)
      connection.close(1000, '')
    }
    const timer = setTimeout(() => giveUp(failed(`It did not open within ${timeout} ms`)), timeout)
    socket.addEventListener('open', succeed)
    socket.addEventListener('message', ({ data }) => events.onData(toFrameData(data)))
    // What is wrong is told by `close`, which follows.
    socket.addEventListener('error', () => {})
    socket.addEventListener('close', ({ code, reason }) => {
      if (isOpen) events.onClose(code, reason)
      else fail(failed(reason || `It was closed with code ${code}`))
    })
    onLife(socket, () => events.onLife())
    // Last: a socket may have been made for nobody, and has to be closed then, with its errors listened to.
    offAbort = onAbort(signal, () => giveUp(signal.reason))
    if (socket.readyState === OPEN) succeed()
    else if (socket.readyState !== CONNECTING) fail(failed('It is closed already'))
  })
}

function failed(what: string): RPCError {
  return new RPCError('CONNECTION_FAILED', { status: 503, message: `The WebSocket could not be opened. ${what}` })
}
