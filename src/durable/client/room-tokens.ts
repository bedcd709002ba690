import { RPCError } from '../../core/error.ts'
import { CloseCode } from '../../session/peer/connection.ts'
import { readTokenPayload, type TokenPayload } from '../token-payload.ts'

/** Asks the procedure again that gave the first token. */
export type RenewToken = (signal: AbortSignal) => Promise<string>

/** The longest that a timer can wait, in ms: with more it fires at once. */
const MAX_TIMER = 2 ** 31 - 1

/** The token of a client's place in a room: used while it is good, asked for anew when it is not. */
export class RoomTokens {
  readonly #renew: RenewToken
  readonly #room: string
  #token: string
  #payload: TokenPayload
  /** When this machine's clock says that it is over: that clock may be wrong, but not in what passes on it. */
  #expires = 0
  /** The latest that a server has taken. */
  #accepted: string | undefined
  #stale = false
  /** Whether a token that nobody had taken was found to have expired, with none taken since. */
  #wasLate = false

  constructor(token: string, renew: RenewToken) {
    this.#renew = renew
    this.#token = token
    this.#payload = toPayload(token)
    this.#room = roomOf(this.#payload)
    this.#use(token)
  }

  /** A token to connect with. Rejects with what the procedure says to whoever asks for one. */
  async current(signal: AbortSignal): Promise<string> {
    if (this.#stale || this.#expires <= performance.now()) await this.renew(signal)
    return this.#token
  }

  /** Another one, of the same channel and tags: nothing else would be the same stream. */
  async renew(signal: AbortSignal): Promise<string> {
    const token = await this.#renew(signal)
    signal.throwIfAborted()
    if (roomOf(toPayload(token)) !== this.#room) {
      throw new RPCError('CONFLICT', { message: 'The procedure now leads to another channel, or with other tags' })
    }
    this.#use(token)
    return token
  }

  /** In ms: some time before it expires, but no earlier than half of its time. */
  get refreshDelay(): number {
    const left = this.#expires - performance.now()
    return Math.min(Math.max(left / 2, left - 30_000), MAX_TIMER)
  }

  /** A server has taken a token. */
  accept(token: string): void {
    this.#accepted = token
    this.#wasLate = false
  }

  /** Takes a token that was got otherwise, while nothing is open with the present one. */
  replace(token: string): void {
    this.#use(token)
  }

  /**
   * Makes of the code with which a connection was closed what the client is to do. A token that was good once is replaced by a
   * fresh one; a fresh one that is refused would be refused again and again, so that is the end. Only one that has expired on its
   * way may have been slow: that may happen once.
   *
   * @param token the one that the connection was opened with.
   */
  judge(token: string, code: number): number {
    if (code !== CloseCode.EXPIRED && code !== CloseCode.UNAUTHORIZED) return code
    if (token !== this.#token) return CloseCode.EXPIRED
    const isLate = token !== this.#accepted
    if (isLate && (code === CloseCode.UNAUTHORIZED || this.#wasLate)) return CloseCode.UNAUTHORIZED
    this.#wasLate = isLate
    this.#stale = true
    return CloseCode.EXPIRED
  }

  #use(token: string): void {
    this.#token = token
    this.#payload = toPayload(token)
    this.#expires = performance.now() + (this.#payload.exp - this.#payload.iat) * 1000
    this.#stale = false
    // Also of the same one, that a procedure has kept, it has to be seen whether it is still good.
    this.#accepted = undefined
  }
}

function toPayload(token: string): TokenPayload {
  const payload = readTokenPayload(token)
  if (payload === undefined)
    throw new RPCError('BAD_REQUEST', { message: 'The procedure gave something that is no token' })
  return payload
}

function roomOf({ chn, tags }: TokenPayload): string {
  return JSON.stringify([chn, tags])
}
