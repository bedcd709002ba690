import { type Connection, closeSocket } from '../../session/peer/connection.ts'

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
export function toConnection(ws: BunSocket): Connection {
  return {
    send(data) {
      // A stream with a hole in it is worse than one that is cut: that resumes.
      if (ws.readyState === OPEN && ws.send(data) === 0) ws.terminate()
    },
    get buffered() {
      return ws.getBufferedAmount()
    },
    close: (code, reason) => closeSocket(ws, code, reason),
    terminate: () => ws.terminate(),
    ping: () => void ws.ping(),
  }
}
