import { onAbort } from '../../core/abort.ts'
import { type BackoffOptions, backoffDelay } from '../../core/backoff.ts'
import { RPCError } from '../../core/error.ts'
import { type ConnectionState, type ConnectionStore, ConnectionSummary } from '../../event/connection-state.ts'
import { onPageWake } from '../../event/page-wake.ts'
import { isRetryable } from '../../event/resume.ts'
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
  readonly #retired = new Map<Attempt, ClientPeer>()
  #peer: ClientPeer | undefined
  /** The attempt that opened the present connection: the end of an earlier one means nothing any more. */
  #current: Attempt | undefined
  #openedAt = 0
  #failedAt = 0
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
    if (signal?.aborted) return Promise.reject(signal.reason)
    return new Promise((resolve, reject) => {
      const offAbort = onAbort(signal, () => {
        this.#waiting.delete(entry)
        this.#giveUp()
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
    if (this.#peer !== peer || this.#current === undefined) return
    this.#retired.set(this.#current, peer)
    this.#leave({ status: 'closed' })
    if (this.#options.isWanted()) this.#connect()
  }

  close(): void {
    this.#closed = true
    this.#offWake()
    this.#connecting?.abort()
    for (const { reject } of this.#waiting) reject(closed())
    this.#waiting.clear()
    for (const peer of [...this.#retired.values()]) peer.end(closed())
    this.#peer?.end(closed())
  }

  /** Ends an attempt that nobody waits for any more, if another can be made. */
  #giveUp(): void {
    const { reconnects, isWanted } = this.#options
    if (this.#waiting.size === 0 && reconnects && !isWanted()) this.#connecting?.abort()
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
      if (this.#retry > 0 && this.#options.reconnects) await this.#wait(signal)
      if (signal.aborted) return this.#report({ status: 'closed' })
      this.#report({ status: 'connecting' })
      const attempt: Attempt = {}
      try {
        const peer = await this.#options.open(signal, (refusal) => {
          attempt.error = refusal ?? cutAtOnce()
          this.#lost(attempt, refusal)
        })
        if (!peer.closed && !signal.aborted) return this.#adopt(peer, attempt)
        peer.end(closed())
        throw attempt.error ?? cutAtOnce()
      } catch (error) {
        if (signal.aborted) return this.#report({ status: 'closed' })
        this.#retry++
        this.#failedAt = performance.now()
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
    this.#retired.delete(attempt)
    if (this.#current !== attempt) return
    const goesOn = !this.#closed && this.#options.reconnects && this.#options.isWanted()
    this.#leave(refusal === undefined ? { status: 'closed' } : { status: 'closed', error: refusal })
    if (goesOn && isRetryable(refusal)) this.#connect()
  }

  /** The present connection is none any more. The next one waits, longer and longer unless this one was a good one. */
  #leave(state: ConnectionState): void {
    this.#peer = undefined
    this.#current = undefined
    this.#failedAt = performance.now()
    if (this.#failedAt - this.#openedAt >= STABLE_AFTER) this.#retry = 0
    this.#retry++
    this.#report(state)
  }

  /** Waits since the last failure: for who calls long after it, that is over. */
  #wait(signal: AbortSignal): Promise<void> {
    const passed = performance.now() - this.#failedAt
    const delay = backoffDelay(this.#retry, this.#options.backoff) - passed
    if (delay <= 0) return Promise.resolve()
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
