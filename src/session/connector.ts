import { onAbort } from '../core/abort.ts'
import { type BackoffOptions, backoffDelay } from '../core/backoff.ts'
import { RPCError } from '../core/error.ts'
import { type ConnectionState, type ConnectionStore, ConnectionSummary } from '../event/connection-state.ts'
import { onPageWake } from '../event/page-wake.ts'
import { isRetryable } from '../event/resume.ts'
import type { ClientPeer } from './client-peer.ts'

export interface ConnectorOptions {
  /** Opens a connection. @param onClose is told of its end, with the refusal in it, if it is one. */
  readonly open: (signal: AbortSignal, onClose: (refusal: RPCError | undefined) => void) => Promise<ClientPeer>
  /** Whether there can be another connection after this one. */
  readonly reconnects: boolean
  /** Whether streams wait for the next connection. */
  readonly isWanted: () => boolean
  readonly backoff: BackoffOptions | undefined
}

/** A connection that lasted this long, in ms, was a good one: the next cut starts from the shortest wait again. */
const STABLE_AFTER = 5_000

interface Waiting {
  resolve(peer: ClientPeer): void
  reject(error: unknown): void
}

/** One opening of a connection. */
interface Attempt {
  /** Why the connection is gone, where it is. */
  error?: RPCError
}

/** Keeps one connection open while somebody wants it: opened by the first call, opened again after a cut. */
export class Connector {
  readonly #options: ConnectorOptions
  readonly #summary = new ConnectionSummary()
  readonly #waiting = new Set<Waiting>()
  readonly #offWake: () => void
  #peer: ClientPeer | undefined
  /** The attempt that opened the present connection: the end of an earlier one means nothing any more. */
  #current: Attempt | undefined
  #openedAt = 0
  #retry = 0
  #connecting: AbortController | undefined
  #endWait: (() => void) | undefined
  #closed = false

  constructor(options: ConnectorOptions) {
    this.#options = options
    this.#offWake = onPageWake(() => {
      this.#endWait?.()
      this.#peer?.check()
    })
  }

  get state(): ConnectionStore {
    return this.#summary
  }

  /** The connection, as soon as there is one. */
  ready(signal: AbortSignal | undefined): Promise<ClientPeer> {
    if (this.#peer !== undefined) return Promise.resolve(this.#peer)
    if (this.#closed) return Promise.reject(closed())
    return new Promise((resolve, reject) => {
      const offAbort = onAbort(signal, () => {
        this.#waiting.delete(entry)
        if (this.#waiting.size === 0 && !this.#options.isWanted()) this.#connecting?.abort()
        reject(signal?.reason)
      })
      const entry: Waiting = {
        resolve: (peer) => {
          offAbort()
          resolve(peer)
        },
        reject: (error) => {
          offAbort()
          reject(error)
        },
      }
      if (signal?.aborted) return
      this.#waiting.add(entry)
      this.#connect()
    })
  }

  /** An answer has come over the connection: it works. */
  succeeded(): void {
    this.#retry = 0
  }

  /** The connection takes nothing new: the next call gets another one. It closes by itself. */
  retire(peer: ClientPeer): void {
    if (this.#peer !== peer) return
    this.#peer = undefined
    this.#current = undefined
    if (this.#options.isWanted()) this.#connect()
  }

  close(): void {
    this.#closed = true
    this.#offWake()
    this.#connecting?.abort()
    for (const { reject } of this.#waiting) reject(closed())
    this.#waiting.clear()
    this.#peer?.end()
  }

  #connect(): void {
    if (this.#connecting !== undefined) return
    const controller = new AbortController()
    this.#connecting = controller
    void this.#open(controller.signal).finally(() => {
      if (this.#connecting === controller) this.#connecting = undefined
      // Who came while the last attempt was being given up.
      if (this.#waiting.size > 0 && !this.#closed && this.#peer === undefined) this.#connect()
    })
  }

  async #open(signal: AbortSignal): Promise<void> {
    for (;;) {
      if (this.#retry > 0) await this.#wait(signal)
      if (signal.aborted) return this.#report({ status: 'closed' })
      this.#report({ status: 'connecting' })
      const attempt: Attempt = {}
      try {
        const peer = await this.#options.open(signal, (refusal) => {
          attempt.error = refusal ?? cutAtOnce()
          this.#lost(attempt, refusal)
        })
        if (attempt.error !== undefined) throw attempt.error
        this.#adopt(peer, attempt)
        return
      } catch (error) {
        if (signal.aborted) return this.#report({ status: 'closed' })
        this.#retry++
        if (this.#options.reconnects && isRetryable(error)) continue
        this.#report({ status: 'closed', error })
        for (const { reject } of [...this.#waiting]) reject(error)
        this.#waiting.clear()
        return
      }
    }
  }

  #adopt(peer: ClientPeer, attempt: Attempt): void {
    this.#peer = peer
    this.#current = attempt
    this.#openedAt = performance.now()
    this.#report({ status: 'open' })
    for (const { resolve } of [...this.#waiting]) resolve(peer)
    this.#waiting.clear()
  }

  #lost(attempt: Attempt, refusal: RPCError | undefined): void {
    if (this.#current !== attempt) return
    this.#peer = undefined
    this.#current = undefined
    if (performance.now() - this.#openedAt >= STABLE_AFTER) this.#retry = 0
    this.#retry++
    const goesOn = !this.#closed && this.#options.reconnects && this.#options.isWanted()
    this.#report(refusal === undefined ? { status: 'closed' } : { status: 'closed', error: refusal })
    if (goesOn && (refusal === undefined || isRetryable(refusal))) this.#connect()
  }

  #wait(signal: AbortSignal): Promise<void> {
    const delay = backoffDelay(this.#retry, this.#options.backoff)
    this.#report({ status: 'waiting', retry: this.#retry, delay })
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer)
        offAbort()
        this.#endWait = undefined
        resolve()
      }
      const timer = setTimeout(end, delay)
      const offAbort = onAbort(signal, end)
      this.#endWait = end
    })
  }

  #report(state: ConnectionState): void {
    this.#summary.report(this, state)
  }
}

function closed(): RPCError {
  return new RPCError('CLIENT_CLOSED_REQUEST', { message: 'The link was closed' })
}

function cutAtOnce(): RPCError {
  return new RPCError('CONNECTION_FAILED', { status: 503, message: 'The connection was closed as soon as it was open' })
}
