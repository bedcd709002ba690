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
export interface NodeSocket {
  send(data: FrameData, options: { readonly binary: boolean }, onSent?: () => void): void
  ping(): void
  terminate(): void
  on(event: 'message', listener: (data: unknown, isBinary: boolean) => void): void
  on(event: 'ping' | 'pong' | 'close' | 'error', listener: () => void): void
}

export const CONNECTING = 0
export const OPEN = 1

/** A WebSocket as the session sees it. */
export function toConnection(socket: CallbackSocket): Connection {
  return isNodeSocket(socket) ? new NodeConnection(socket) : new SocketConnection(socket)
}

class SocketConnection<Socket extends CallbackSocket> implements Connection {
  protected readonly socket: Socket
  readonly hibernates: boolean
  onRoom: (() => void) | undefined

  constructor(socket: Socket) {
    this.socket = socket
    this.hibernates = isHibernating(socket)
  }

  get buffered(): number {
    return this.socket.bufferedAmount ?? 0
  }

  send(data: FrameData): void {
    try {
      if ((this.socket.readyState ?? OPEN) === OPEN) this.write(data)
    } catch {
      // It was closed between two events; its own `close` follows.
    }
  }

  protected write(data: FrameData): void {
    this.socket.send(data)
  }

  close(code: number, reason: string): void {
    closeSocket(this.socket, code, reason)
  }
}

export class NodeConnection extends SocketConnection<NodeSocket & CallbackSocket> {
  /** Only what has to wait is worth a callback. */
  protected override write(data: FrameData): void {
    this.socket.send(data, { binary: typeof data !== 'string' }, this.onSent())
  }

  protected onSent(): (() => void) | undefined {
    return this.buffered > 0 ? () => this.onRoom?.() : undefined
  }

  terminate(): void {
    this.socket.terminate()
  }

  ping(): void {
    if (this.socket.readyState === OPEN) this.socket.ping()
  }
}

/** Calls `listener` when the other side has sent or answered a ping, where the socket tells. */
export function onLife(socket: SocketLike, listener: () => void): void {
  if (!isNodeSocket(socket)) return
  socket.on('ping', listener)
  socket.on('pong', listener)
}

export function isHibernating(socket: object): socket is HibernatingSocket {
  return 'serializeAttachment' in socket && 'deserializeAttachment' in socket
}

export function isNodeSocket(socket: object): socket is NodeSocket & CallbackSocket {
  return 'ping' in socket && 'terminate' in socket && 'on' in socket
}
