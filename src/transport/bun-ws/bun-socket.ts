import { type Connection, closeSocket } from '../../session/peer/connection.ts'
import type { FrameData } from '../../wire/chunks.ts'

/** What is needed of Bun's `ServerWebSocket`. */
export interface BunSocket<Data = unknown> {
  readonly data: Data
  readonly readyState: number
  /** Gives 0 when the message was dropped. */
  send(data: string | Uint8Array<ArrayBuffer>): number
  close(code?: number, reason?: string): void
  terminate(): void
  ping(): number
  getBufferedAmount(): number
}

/** Bun's `WebSocketHandler`, as far as the handler fills it in. */
export interface BunWebSocketHandler<Data> {
  open(ws: BunSocket<Data>): void
  message(ws: BunSocket<Data>, data: string | Uint8Array): void
  close(ws: BunSocket<Data>): void
  drain(ws: BunSocket<Data>): void
  ping(ws: BunSocket<Data>): void
  pong(ws: BunSocket<Data>): void
}

const OPEN = 1

/** A socket of Bun as the session sees it. */
export class BunConnection implements Connection {
  readonly #socket: BunSocket
  onRoom: (() => void) | undefined

  constructor(socket: BunSocket) {
    this.#socket = socket
  }

  get buffered(): number {
    return this.#socket.getBufferedAmount()
  }

  send(data: FrameData): void {
    // A stream with a hole in it is worse than one that is cut: that resumes.
    if (this.#socket.readyState === OPEN && this.#socket.send(data) === 0) this.#socket.terminate()
  }

  close(code: number, reason: string): void {
    closeSocket(this.#socket, code, reason)
  }

  terminate(): void {
    this.#socket.terminate()
  }

  ping(): void {
    this.#socket.ping()
  }
}
