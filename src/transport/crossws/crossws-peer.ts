import { type Connection, closeSocket } from '../../session/peer/connection.ts'
import type { FrameData } from '../../wire/chunks.ts'

/** What is needed of crossws' `Peer`. */
export interface CrosswsPeer {
  readonly request?: { readonly headers: Pick<Headers, 'get'> } | undefined
  readonly context?: object | undefined
  readonly websocket: { binaryType?: string | undefined }
  readonly bufferedAmount: number
  send(data: string | Uint8Array<ArrayBuffer>): unknown
  close(code?: number, reason?: string): void
  terminate(): void
}

/** What is needed of crossws' `Message`. */
export interface CrosswsMessage {
  readonly rawData: unknown
  uint8Array(): Uint8Array
}

export const SUBPROTOCOL = 'headwater.1'

/** The subprotocol, if the client offered it. */
export function offeredProtocol(headers: Pick<Headers, 'get'> | undefined): typeof SUBPROTOCOL | undefined {
  const offered = headers?.get('sec-websocket-protocol')?.split(',') ?? []
  return offered.some((protocol) => protocol.trim() === SUBPROTOCOL) ? SUBPROTOCOL : undefined
}

/** A peer of crossws as the session sees it. That crossws pings by itself, where the runtime can, is enough. */
export class CrosswsConnection implements Connection {
  readonly #peer: CrosswsPeer
  onRoom: (() => void) | undefined

  constructor(peer: CrosswsPeer) {
    this.#peer = peer
    // Blobs could be read only later, when other messages have overtaken them.
    if (peer.websocket.binaryType === 'blob') peer.websocket.binaryType = 'arraybuffer'
  }

  get buffered(): number {
    return this.#peer.bufferedAmount
  }

  send(data: FrameData): void {
    try {
      this.#peer.send(data)
    } catch {
      // It was closed between two events; its own `close` follows.
    }
  }

  close(code: number, reason: string): void {
    closeSocket(this.#peer, code, reason)
  }

  terminate(): void {
    this.#peer.terminate()
  }
}
