import type { Connection } from '../../session/peer/connection.ts'
import type { ConnectionEvents, Dialer } from '../../session/peer/peer-link.ts'
import { type ClientSocket, FactoryDialer } from '../../transport/websocket/dialer.ts'
import { toSubprotocols } from '../offer.ts'
import type { RoomTokens } from './room-tokens.ts'

/** Makes a WebSocket that offers these subprotocols. */
export type ConnectSocket = (url: string, protocols: string[]) => ClientSocket | Promise<ClientSocket>

export interface RoomDialerOptions {
  readonly url: () => string | URL | Promise<string | URL>
  readonly connect: ConnectSocket
  readonly timeout: number
  readonly tokens: RoomTokens
  /** Names this client's place in the room. */
  readonly seat: string
}

/** Connects to a room, each time with a token that is good. */
export class RoomDialer implements Dialer {
  readonly reconnects = true
  readonly #options: RoomDialerOptions
  #connection: Connection | undefined

  constructor(options: RoomDialerOptions) {
    this.#options = options
  }

  async dial(events: ConnectionEvents, signal: AbortSignal): Promise<Connection> {
    const { tokens, seat, timeout } = this.#options
    const token = await tokens.current(signal)
    const { href } = new URL(await this.#options.url())
    const open = (): ClientSocket | Promise<ClientSocket> => this.#options.connect(href, toSubprotocols(token, seat))
    const connection = await new FactoryDialer(open, timeout).dial(
      {
        onLife: () => events.onLife(),
        onData: (data) => {
          // Nothing is said to who is refused.
          tokens.accept(token)
          events.onData(data)
        },
        onClose: (code, reason) => events.onClose(tokens.judge(token, code), reason),
      },
      signal,
    )
    this.#connection = connection
    return connection
  }

  /** Ends the present connection: the next one is opened with the token as it is then. */
  reconnect(): void {
    this.#connection?.close(1000, 'A fresh token')
  }
}
