import type { FrameData } from '../../wire/chunks.ts'

/** A duplex transport of whole messages, in order: a WebSocket, a MessagePort. What it receives is pushed to its peer. */
export interface Connection {
  /** Never throws; after the end it does nothing. */
  send(data: FrameData): void
  /** Bytes that were sent but have not left this process, as far as the transport knows. */
  readonly buffered: number
  close(code: number, reason: string): void
  /** Ends a connection whose other side does not answer, without waiting for it. Default: `close`. */
  terminate?(): void
  /** Set by the session: to be called when there is room again, by transports that know. */
  onRoom?: (() => void) | undefined
  /** Whether it may outlive the process in its sleep: then nothing but a call under way may keep that awake. */
  readonly hibernates?: boolean
  /** Whether the other side does not learn from the transport why, or even that, this one has closed. */
  readonly closesSilently?: boolean | undefined
  /** Whether a client's first message has to say that it speaks `headwater.1`: here no subprotocol does, or not to all. */
  readonly introduces?: boolean
  /** Asks the other side for a sign of life that its application need not know of. */
  ping?(): void
}

/**
 * Why a connection was closed. The hundreds say what a client does: 40 reconnect and resume, 41 reconnect and start
 * over, 44 stop, as the HTTP status behind the 4 says (PROTOCOL.md, "Close codes").
 */
export const CloseCode = {
  DONE: 1000,
  TOO_LARGE: 1009,
  DRAINED: 4000,
  EXPIRED: 4001,
  CONTEXT_LOST: 4002,
  SILENT: 4003,
  UNDECIDED: 4004,
  MALFORMED: 4400,
  UNAUTHORIZED: 4401,
} as const

/** Closes a WebSocket. Standard ones refuse the protocol's own codes: theirs is the status behind them instead. */
export function closeSocket(
  socket: { close(code?: number, reason?: string): void },
  code: number,
  reason: string,
): void {
  try {
    socket.close(code, reason)
  } catch {
    socket.close(code === CloseCode.TOO_LARGE ? 4413 : 4000, reason)
  }
}
