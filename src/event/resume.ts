import { onAbort } from '../core/abort.ts'
import { type BackoffOptions, backoffDelay } from '../core/backoff.ts'
import { RPCError } from '../core/error.ts'
import { PullIterator } from '../core/pull-iterator.ts'
import type { ConnectionState } from './connection-state.ts'
import type { EventGapData } from './event-gap.ts'
import { attachEventMeta, type EventMeta } from './event-meta.ts'
import { onPageWake } from './page-wake.ts'
import type { PassedGap, StreamPosition } from './stream-position.ts'

/**
 * What a client does when a stream is cut. `true` (the default): it goes on after the last id; a stream that delivered
 * events but never an id fails with `STREAM_INTERRUPTED`, since running it again might repeat them. `'always'`: such a
 * stream is run again all the same, and where a call asks for it, its first opening is retried too. `false`: every cut
 * is an error.
 */
export type ResumeMode = boolean | 'always'

/** One thing that a transport reads from a stream. */
export type StreamFrame =
  | { readonly type: 'event'; readonly value: unknown; readonly meta?: EventMeta | undefined }
  /** The stream goes on over a gap, after the id that stands here, if any. */
  | { readonly type: 'gap'; readonly gap: EventGapData; readonly meta?: EventMeta | undefined }
  /** A sign of life. With an id: everything up to it has been sent. */
  | { readonly type: 'alive'; readonly meta?: EventMeta | undefined }
  | { readonly type: 'done'; readonly value: unknown; readonly meta?: undefined }
  | { readonly type: 'error'; readonly error: unknown; readonly meta?: undefined }

/** One opened transport of a stream, until it ends or is cut. */
export interface StreamSource {
  /** The next frame; `undefined` when the transport ends, politely or not, without the stream having done so. */
  next(): Promise<StreamFrame | undefined>
  /** Gives up at once if it has been silent for too long: a timer may not have run while the machine slept. */
  check(): void
  close(): void
}

export interface ResumableStreamOptions {
  /** Opens the stream's transport after an event. Rejects with what refused it. */
  readonly open: (lastEventId: string | undefined, signal: AbortSignal) => Promise<StreamSource>
  readonly mode: ResumeMode
  readonly lastEventId?: string | undefined
  readonly signal?: AbortSignal | undefined
  readonly backoff?: BackoffOptions | undefined
  readonly onState?: ((state: ConnectionState) => void) | undefined
  /** Is told of gaps that the stream goes on over, each before the event behind it. What it throws fails the stream. */
  readonly onGap?: ((gap: EventGapData) => void) | undefined
}

/** A connection that lasted this long, in ms, was a good one: the next cut starts from the shortest wait again. */
const STABLE_AFTER = 5_000

/** The longest that a timer can wait, in ms: with more it fires at once. */
const MAX_TIMER = 2 ** 31 - 1

/**
 * A stream that outlives its transport: cut, it is opened again after the last id that it has seen.
 *
 * Only a `done` or `error` frame ends it. All links share this class; what differs is how they open a transport.
 */
export class ResumableStream extends PullIterator<unknown, unknown> {
  readonly #options: ResumableStreamOptions
  readonly #controller = new AbortController()
  readonly #offWake: () => void
  readonly #offAbort: (() => void) | undefined
  #source: StreamSource | undefined
  #openedAt = 0
  #lastEventId: string | undefined
  #received: string | undefined
  /** Whether this stream has shown an id, and whether it has delivered an event: what a new opening may repeat. */
  #positioned = false
  #delivered = false
  #retry = 0
  /** The server's hint: the least wait before the next opening, in ms. */
  #minimumDelay = 0
  #endWait: (() => void) | undefined
  #closed = false
  /** Those before the event that was read last, for who passes this stream on. */
  #gaps: PassedGap[] = []
  readonly '~position': StreamPosition = {
    ready: Promise.resolve(),
    cursor: () => (this.#positioned ? this.#lastEventId : undefined),
    takeGap: () => this.#gaps.shift(),
  }

  constructor(options: ResumableStreamOptions) {
    super()
    this.#options = options
    this.#lastEventId = options.lastEventId
    this.#received = options.lastEventId
    this.#offWake = onPageWake(() => this.nudge())
    this.#offAbort = onAbort(options.signal, () => this.#close(undefined, options.signal?.reason))
  }

  /**
   * Where whoever reads this stream would go on. An event counts once the next one is asked for: until then it may be
   * on its way to a reader who leaves.
   */
  get lastEventId(): string | undefined {
    return this.#received
  }

  /** Opens the stream for the first time. Rejects with what refused it, unless the mode is `'always'`. */
  async start(): Promise<void> {
    try {
      await this.#open()
    } catch (error) {
      this.#refused(error, this.#options.mode === 'always')
    }
  }

  /** Takes a transport that is open already. */
  adopt(source: StreamSource): void {
    if (this.#closed) {
      source.close()
      return
    }
    this.#source = source
    this.#openedAt = Date.now()
    this.#report({ status: 'open' })
  }

  /** There is reason to believe that the network works: ends a wait early, looks at a silent transport now. */
  nudge(): void {
    this.#endWait?.()
    this.#source?.check()
  }

  protected async pull(): Promise<IteratorResult<unknown, unknown>> {
    this.#gaps = []
    this.#received = this.#lastEventId
    for (;;) {
      this.#options.signal?.throwIfAborted()
      const source = this.#source ?? (await this.#reopen())
      const frame = await source.next()
      this.#options.signal?.throwIfAborted()
      if (frame === undefined) {
        this.#lose(source)
        continue
      }
      const { id, retry = this.#minimumDelay } = frame.meta ?? {}
      this.#minimumDelay = retry
      if (id !== undefined) this.#moveTo(id)
      switch (frame.type) {
        case 'alive':
          if (id !== undefined) this.#received = this.#lastEventId
          break
        case 'gap':
          this.#gaps.push({ gap: frame.gap, after: id })
          this.#options.onGap?.(frame.gap)
          break
        case 'event':
          this.#delivered = true
          this.#retry = 0
          return { done: false, value: frame.meta ? attachEventMeta(frame.value, frame.meta) : frame.value }
        case 'done':
          return { done: true, value: frame.value }
        case 'error':
          this.#fail(frame.error)
      }
    }
  }

  protected release(): void {
    this.#close()
  }

  /** An empty id takes the position back, as the standard has it. */
  #moveTo(id: string): void {
    this.#lastEventId = id === '' ? undefined : id
    this.#positioned = id !== ''
  }

  #lose(source: StreamSource): void {
    source.close()
    this.#source = undefined
    if (Date.now() - this.#openedAt >= STABLE_AFTER) this.#retry = 0
    const { mode } = this.#options
    const repeats = this.#delivered && !this.#positioned
    if (mode === false || (repeats && mode !== 'always')) {
      this.#fail(interrupted(repeats))
    }
  }

  async #open(): Promise<void> {
    this.#report({ status: 'connecting' })
    this.adopt(await this.#options.open(this.#lastEventId, this.#controller.signal))
  }

  async #reopen(): Promise<StreamSource> {
    const { signal } = this.#controller
    while (this.#source === undefined) {
      signal.throwIfAborted()
      await this.#wait(++this.#retry, signal)
      signal.throwIfAborted()
      try {
        await this.#open()
        // It may have been closed while it opened: then the transport was not taken.
        signal.throwIfAborted()
      } catch (error) {
        this.#refused(error, !this.#closed)
      }
    }
    return this.#source
  }

  /** @throws what refused an opening, unless it may be tried again. */
  #refused(error: unknown, mayRetry: boolean): void {
    this.#options.signal?.throwIfAborted()
    if (!mayRetry || !isRetryable(error)) this.#fail(error)
  }

  #fail(error: unknown): never {
    this.#close(error)
    throw error
  }

  /** Full jitter on top of the server's hint, which nothing but the signal cuts short; a nudge ends the rest. */
  #wait(retry: number, signal: AbortSignal): Promise<void> {
    const minimum = Math.min(this.#minimumDelay, MAX_TIMER)
    const delay = Math.min(minimum + backoffDelay(retry, this.#options.backoff), MAX_TIMER)
    this.#report({ status: 'waiting', retry, delay })
    const startedAt = Date.now()
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer)
        this.#endWait = undefined
        offAbort()
        resolve()
      }
      let timer = setTimeout(end, delay)
      this.#endWait = () => {
        clearTimeout(timer)
        timer = setTimeout(end, Math.max(0, startedAt + minimum - Date.now()))
      }
      const offAbort = onAbort(signal, end)
    })
  }

  /** @param error why, unless it ends as it should. @param reason what an opening under way is aborted with. */
  #close(error?: unknown, reason: unknown = error): void {
    if (this.#closed) return
    this.#closed = true
    this.#offWake()
    this.#offAbort?.()
    this.#controller.abort(reason)
    this.#source?.close()
    this.#report({ status: 'closed', error })
  }

  #report(state: ConnectionState): void {
    if (!this.#closed || state.status === 'closed') this.#options.onState?.(state)
  }
}

/** Client resume policy: the server has refused for good with a 4xx, but for the three that ask for patience. */
export function isRetryable(error: unknown): boolean {
  if (!(error instanceof RPCError)) return true
  return error.status >= 500 || [408, 425, 429].includes(error.status)
}

function interrupted(repeats: boolean): RPCError {
  return new RPCError('STREAM_INTERRUPTED', {
    status: 503,
    message: repeats
      ? 'The stream was cut and cannot resume: its events carried no ids. Opening it again may repeat them'
      : 'The stream was cut before it ended',
  })
}
