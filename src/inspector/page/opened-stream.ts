import type { ConnectionState } from '../../event/connection-state.ts'
import type { EventGapData } from '../../event/event-gap.ts'
import { type EventIterator, isEventSource } from '../../event/event-iterator.ts'
import { getEventMeta } from '../../event/event-meta.ts'
import type { Positioned } from '../../event/stream-position.ts'
import type { RPCLink } from '../../transport/fetch/rpc-link.ts'
import { createCallLink } from './clients.ts'
import { previewOf } from './json-tree.ts'
import type { Point } from './series.ts'

/** What has come of a stream: an event, or something that happened to it. */
export type StreamEntry =
  | { readonly number: number; readonly at: number; readonly event: unknown; readonly id: string | undefined }
  | { readonly number: number; readonly at: number; readonly mark: string; readonly tone: Tone }

type Tone = 'good' | 'warn' | 'bad'

const KEPT = 500

/** A stream that the page has open: to be paused, cut and resumed. */
export class OpenedStream {
  readonly path: readonly string[]
  readonly input: unknown
  /** The last ones, the newest last. */
  readonly entries: StreamEntry[] = []
  /** How many events came in each of the last seconds. */
  readonly rate: Point[] = []
  state: ConnectionState = { status: 'connecting' }
  events = 0
  resumes = 0
  gaps = 0
  isPaused = false
  isCut = false
  /** Why it has ended; `undefined` while it has not. */
  end: string | undefined
  onChange: () => void = () => {}
  readonly #left = new AbortController()
  #cutter = new AbortController()
  #continue: (() => void) | undefined
  #iterator: (EventIterator<unknown> & Positioned) | undefined
  #lastId: string | undefined
  #numbers = 0
  #openings = 0

  constructor(path: readonly string[], input: unknown) {
    this.path = path
    this.input = input
  }

  /** The id after which it would go on. */
  get lastId(): string | undefined {
    return this.#iterator?.['~position']?.cursor() ?? this.#lastId
  }

  /**
   * Calls the procedure, and reads its stream until the end. Resolves at once with what it gave where that is no stream, with
   * nothing once the stream is open. Rejects with what refused it.
   */
  async start(lastEventId?: string | undefined): Promise<{ readonly output: unknown } | undefined> {
    this.#lastId = lastEventId
    const link: RPCLink<unknown> = createCallLink((url, init) => this.#fetch(url, init))
    const output = await link.call(this.path, this.input, {
      signal: this.#left.signal,
      lastEventId,
      onConnectionState: (state) => this.#onState(state),
      onGap: (gap) => this.#onGap(gap),
    })
    if (!isEventSource(output)) return { output }
    this.#iterator = output as EventIterator<unknown>
    void this.#read(this.#iterator).catch((error: unknown) => this.fail(error))
    return undefined
  }

  /** It has ended, for this reason. */
  fail(error: unknown): void {
    if (this.#left.signal.aborted) this.#finish('Closed', 'warn')
    else this.#finish(error instanceof Error ? error.message : String(error), 'bad')
  }

  /** Reads no further: the server notices that nobody takes what it sends. */
  pause(): void {
    this.isPaused = true
    this.#mark('Paused: nothing is read', 'warn')
  }

  goOn(): void {
    this.isPaused = false
    this.#continue?.()
    this.#mark('Reading again', 'good')
  }

  /** Loses the connection, and finds no way back until it is resumed. */
  cut(): void {
    this.isCut = true
    this.#mark(`Cut after ${this.lastId ?? 'no id'}`, 'warn')
    this.#cutter.abort()
  }

  /** Lets it connect again. Its link does so by itself; it need not wait out its backoff. */
  resume(): void {
    this.isCut = false
    dispatchEvent(new Event('online'))
    this.onChange()
  }

  close(): void {
    this.#continue?.()
    this.#left.abort()
  }

  /** Takes the figure of a second. */
  tick(at: number, eventsBefore: number): void {
    this.rate.push({ at, value: this.events - eventsBefore })
    if (this.rate.length > 180) this.rate.shift()
  }

  async #read(iterator: EventIterator<unknown>): Promise<void> {
    for (;;) {
      if (this.isPaused) {
        await new Promise<void>((resolve) => {
          this.#continue = resolve
        })
      }
      const { done, value } = await iterator.next()
      if (done) {
        this.#finish(value === undefined ? 'Done' : `Done with ${previewOf(value)}`, 'good')
        return
      }
      this.events++
      const id = getEventMeta(value)?.id
      this.#lastId = id ?? this.#lastId
      this.#push({ number: ++this.#numbers, at: Date.now(), event: value, id })
    }
  }

  #fetch(url: string, init: RequestInit): Promise<Response> {
    if (this.isCut) return Promise.reject(new TypeError('The connection is cut'))
    this.#cutter = new AbortController()
    const signals = [this.#cutter.signal, ...(init.signal ? [init.signal] : [])]
    return fetch(url, { ...init, signal: AbortSignal.any(signals) })
  }

  #onState(state: ConnectionState): void {
    const isReopened = state.status === 'open' && this.#openings++ > 0
    this.state = state
    if (isReopened) {
      this.resumes++
      this.#mark(`Resumed after ${this.lastId ?? 'no id'}`, 'good')
    } else this.onChange()
  }

  #onGap({ reason, lastEventId }: EventGapData): void {
    this.gaps++
    this.#mark(`Gap (${reason}) after ${lastEventId ?? 'the start'}`, 'bad')
  }

  #finish(end: string, tone: Tone): void {
    this.end = end
    this.state = { status: 'closed' }
    this.#mark(end, tone)
  }

  #mark(mark: string, tone: Tone): void {
    this.#push({ number: ++this.#numbers, at: Date.now(), mark, tone })
  }

  #push(entry: StreamEntry): void {
    this.entries.push(entry)
    if (this.entries.length > KEPT) this.entries.shift()
    this.onChange()
  }
}
