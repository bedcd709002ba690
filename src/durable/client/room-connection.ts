import type { CallOptions } from '../../contract/procedure-client.ts'
import { RPCError } from '../../core/error.ts'
import { randomToken } from '../../core/random-token.ts'
import type { EventIterator, EventSource } from '../../event/event-iterator.ts'
import { mapEventIterator } from '../../event/map-event-iterator.ts'
import { isRetryable } from '../../event/resume.ts'
import { PeerLink, type PeerLinkOptions } from '../../session/peer/peer-link.ts'
import { readTokenPayload } from '../token-payload.ts'
import { RoomDialer, type RoomDialerOptions } from './room-dialer.ts'
import { type RenewToken, RoomTokens } from './room-tokens.ts'

export interface RoomConnectionOptions
  extends Pick<RoomDialerOptions, 'url' | 'connect' | 'timeout'>,
    PeerLinkOptions<unknown> {}

/** A connection while somebody uses it. */
interface Open {
  readonly link: PeerLink<unknown>
  readonly dialer: RoomDialer
  readonly closed: AbortController
}

/** Between two attempts to get a fresh token while the old one is still good, in ms. */
const RETRY_DELAY = 5_000

/** A client's place in a room: one socket for all its streams and calls, there while one of them is. */
export class RoomConnection {
  readonly #options: RoomConnectionOptions
  readonly #tokens: RoomTokens
  readonly #seat = randomToken(24)
  #users = 0
  #open: Open | undefined
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(token: string, renew: RenewToken, options: RoomConnectionOptions) {
    this.#options = options
    this.#tokens = new RoomTokens(token, renew)
  }

  /** The events, without a `lastEventId` from when `token` was issued. */
  async subscribe(
    token: string,
    { signal, lastEventId, resume, onConnectionState, onGap }: CallOptions,
  ): Promise<EventIterator<unknown>> {
    if (this.#open === undefined) this.#tokens.replace(token)
    const since = readTokenPayload(token)?.iat
    const release = this.#acquire()
    try {
      const options = { signal, lastEventId, resume, onConnectionState, onGap }
      const stream = await this.#link.call(['subscribe'], { since }, options)
      return mapEventIterator(stream as EventSource, { finally: release })
    } catch (error) {
      release()
      throw error
    }
  }

  /** Calls something of a method. */
  async call(path: readonly string[], input: unknown, options: CallOptions): Promise<unknown> {
    const release = this.#acquire()
    try {
      return await this.#link.call(['call'], { path, input }, options)
    } finally {
      release()
    }
  }

  get #link(): PeerLink<unknown> {
    return (this.#open as Open).link
  }

  #acquire(): () => void {
    this.#users++
    this.#open ??= this.#connect()
    let isReleased = false
    return () => {
      if (isReleased) return
      isReleased = true
      this.#users--
      if (this.#users === 0) this.#close()
    }
  }

  #connect(): Open {
    const dialer = new RoomDialer({ ...this.#options, tokens: this.#tokens, seat: this.#seat })
    const open = { link: new PeerLink(dialer, this.#options), dialer, closed: new AbortController() }
    this.#refreshInTime(open)
    return open
  }

  #close(): void {
    clearTimeout(this.#timer)
    this.#open?.closed.abort(new RPCError('CLIENT_CLOSED_REQUEST', { message: 'Nobody uses this connection any more' }))
    this.#open?.link.close()
    this.#open = undefined
  }

  #refreshInTime(open: Open, delay: number = this.#tokens.refreshDelay): void {
    if (open.closed.signal.aborted) return
    this.#timer = setTimeout(() => {
      this.#refresh(open).then(
        () => this.#refreshInTime(open),
        // At the latest the object closes the connection, and the next one wants a fresh token.
        (error) => isRetryable(error) && this.#refreshInTime(open, RETRY_DELAY),
      )
    }, delay)
    ;(this.#timer as { unref?: () => void }).unref?.()
  }

  async #refresh({ link, dialer, closed: { signal } }: Open): Promise<void> {
    const token = await this.#tokens.renew(signal)
    try {
      await link.call(['refresh'], { token }, { signal })
      this.#tokens.accept(token)
    } catch {
      // It does not take one so, or the connection is gone.
      if (!signal.aborted) dialer.reconnect()
    }
  }
}
