import { type Connection, closeSocket } from '../../session/peer/connection.ts'
import type { FrameData } from '../../wire/chunks.ts'

/** What is needed of a WebSocket, be it a browser's, one of Deno, Workers or Node, or one of `ws`. */
export interface SocketLike {
  send(data: string | Uint8Array<ArrayBuffer>): void
  close(code?: number, reason?: string): void
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void
  addEventListener(type: 'close', listener: (event: { readonly code: number; readonly reason: string }) => void): void
  addEventListener(type: 'open' | 'error', listener: () => void): void
  readonly bufferedAmount?: number | undefined
  readonly protocol?: string | undefined
  readonly readyState?: number | undefined
}

/** A socket whose runtime calls back: it needs no listeners. */
export type CallbackSocket = Pick<SocketLike, 'send' | 'close' | 'bufferedAmount' | 'protocol' | 'readyState'>

/** A socket of Workers, which may outlive what serves it, and keeps a small value for that. */
export interface HibernatingSocket {
  serializeAttachment(value: unknown): void
  deserializeAttachment(): unknown
}

/** What `ws` sockets have beyond the standard. */
interface NodeSocket {
  send(data: FrameData, onSent: () => void): void
  ping(): void
  terminate(): void
  on(event: 'ping' | 'pong', listener: () => void): void
}

export const CONNECTING = 0
export const OPEN = 1

/** A WebSocket as the session sees it. */
export function toConnection(socket: CallbackSocket): Connection {
  const onSent = (): void => connection.onRoom?.()
  const connection: Connection = {
    send(data) {
      try {
        if ((socket.readyState ?? OPEN) !== OPEN) return
        // Only what has to wait is worth a callback.
        if (isNodeSocket(socket) && connection.buffered > 0) socket.send(data, onSent)
        else socket.send(data)
      } catch {
        // It was closed between two events; its own `close` follows.
      }
    },
    get buffered() {
      return socket.bufferedAmount ?? 0
    },
    close: (code, reason) => closeSocket(socket, code, reason),
    hibernates: isHibernating(socket),
    ...(isNodeSocket(socket) ? { terminate: () => socket.terminate(), ping: () => ping(socket) } : {}),
  }
  return connection
}

/** Calls `listener` when the other side has sent or answered a ping, where the socket tells. */
export function onLife(socket: SocketLike, listener: () => void): void {
  if (!isNodeSocket(socket)) return
  socket.on('ping', listener)
  socket.on('pong', listener)
}

function ping(socket: NodeSocket & CallbackSocket): void {
  if (socket.readyState === OPEN) socket.ping()
}

export function isHibernating(socket: object): socket is HibernatingSocket {
  return 'serializeAttachment' in socket && 'deserializeAttachment' in socket
}

function isNodeSocket(socket: object): socket is NodeSocket & CallbackSocket {
  return 'ping' in socket && 'terminate' in socket && 'on' in socket
}
