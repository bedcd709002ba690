import { fromRPCErrorJSON, toRPCError } from '../core/error.ts'
import { PullIterator } from '../core/pull-iterator.ts'
import { randomToken } from '../core/random-token.ts'
import type { ConnectionState } from '../event/connection-state.ts'
import { attachEventMeta, getEventMeta } from '../event/event-meta.ts'
import { leaveStream } from '../event/leave-stream.ts'
import { KeptEvents } from './kept-events.ts'
import type { OpenStream, StreamOptions } from './live-stream.ts'
import { type OpenedStream, placeBehind, placeOf } from './stream-place.ts'
import { TabFollower } from './tab-follower.ts'
import type { TabAnswer, TabEnd, TabEvent, TabMessage, TabQuestion } from './tab-message.ts'

export interface TabStreamOptions<Event> {
  /** What tabs have in common that share the stream. */
  readonly name: string
  readonly open: OpenStream<Event>
  readonly stream: StreamOptions
  /** Whether every event since the beginning is needed, and not only the newest ones. */
  readonly whole: boolean
  /** How many events are kept for tabs that come later, and for who goes on when this one is closed. */
  readonly limit: number
}

/** An answer before it says of whose reign it is. */
type Untitled = TabAnswer extends infer Answer ? (Answer extends TabAnswer ? Omit<Answer, 'term'> : never) : never

/** How the stream has ended, as this tab tells it. */
type End = { readonly value: unknown } | { readonly failure: unknown }

/** How long, in ms, the lock is held after the end, so that nobody opens the stream again who has not heard of it. */
const FAREWELL = 250

/**
 * One tab's part in a stream that all tabs of a browser share. Who holds the lock leads: it opens the stream and hands
 * each event on. When it goes, or does not answer, the next one opens the stream behind the last event that it was
 * handed. A tab that cannot be served from what the others have kept opens a stream of its own.
 */
export class TabStream<Event> extends PullIterator<Event, unknown> {
  readonly #options: TabStreamOptions<Event>
  readonly #kept: KeptEvents
  readonly #channel: BroadcastChannel
  readonly #follower: TabFollower
  readonly #leaving = new AbortController()
  readonly #ticking: ReturnType<typeof setInterval>
  #role: 'follower' | 'leader' | 'alone' = 'follower'
  /** What was handed over and has not been taken yet. */
  readonly #queue: TabEvent[] = []
  /** Where it would go on behind what was taken, and behind what the consumer is through with. */
  #taken: string | undefined
  #passed: string | undefined
  /** Whether all that has come was taken, and more is waited for; from the source, or from others. */
  #isLive = false
  #isReading = false
  #wake: (() => void) | undefined
  /** Of the tab that leads or is alone. */
  #source: OpenedStream<Event> | undefined
  #opening: AbortController | undefined
  #term = ''
  #seq = 0
  #abdicate: (() => void) | undefined
  #state: ConnectionState | undefined
  #end: End | undefined
  /** Resolves when the stream is open, in this tab or another one. */
  readonly ready: Promise<void>
  #settleReady: { resolve: () => void; reject: (error: unknown) => void } | undefined

  constructor(options: TabStreamOptions<Event>) {
    super()
    const { name, whole, limit, stream } = options
    this.#options = options
    this.#kept = new KeptEvents(stream.lastEventId, limit)
    this.#taken = stream.lastEventId
    this.#passed = stream.lastEventId
    this.ready = new Promise((resolve, reject) => {
      this.#settleReady = { resolve, reject }
    })
    this.ready.catch(() => {})
    this.#follower = new TabFollower({
      kept: this.#kept,
      whole,
      ask: (question) => this.#post(question),
      take: (event) => this.#take(event),
      moveTo: (place) => this.#moveTo(place),
      showState: (state) => this.#showState(state),
      onGap: (gap) => stream.onGap(gap),
      end: ({ error, value }) => this.#finish(error === undefined ? { value } : { failure: fromRPCErrorJSON(error) }),
      goAlone: () => this.#goAlone(),
      takeOver: () => this.#seek({ steal: true }),
    })
    this.#channel = new BroadcastChannel(name)
    this.#channel.onmessage = ({ data }: MessageEvent<TabMessage>) => this.#hear(data)
    this.#ticking = setInterval(() => this.#tick(), 1000)
    globalThis.addEventListener?.('pagehide', this.#announce)
    this.#follower.join()
    this.#seek({ signal: this.#leaving.signal })
  }

  /** Behind what the consumer is through with. */
  get lastEventId(): string | undefined {
    if (!this.#isLive) return this.#passed
    return this.#source === undefined ? this.#taken : (placeOf(this.#source) ?? this.#passed)
  }

  protected async pull(): Promise<IteratorResult<Event, unknown>> {
    this.#passed = this.#taken
    for (;;) {
      const event = this.#queue.shift()
      if (event !== undefined) {
        this.#isLive = false
        this.#taken = event.place
        const value = event.value as Event
        return { done: false, value: event.meta === undefined ? value : attachEventMeta(value, event.meta) }
      }
      if (this.#end !== undefined) return resultOf(this.#end)
      this.#isLive = true
      const result = this.#source === undefined ? await this.#somethingNew() : await this.#read(this.#source)
      if (result !== undefined) return result
    }
  }

  protected release(): void {
    clearInterval(this.#ticking)
    this.#follower.stop()
    globalThis.removeEventListener?.('pagehide', this.#announce)
    this.#announce()
    this.#closeSource()
    this.#settleReady?.reject(new DOMException('The stream was left', 'AbortError'))
    const go = (): void => {
      this.#leaving.abort()
      this.#abdicate?.()
      this.#channel.close()
    }
    if (this.#end === undefined) go()
    else setTimeout(go, FAREWELL)
  }

  #seek(options: LockOptions): void {
    navigator.locks.request(this.#options.name, options, () => this.#lead()).catch(() => this.#depose())
  }

  /** Holds the lock until this tab goes. */
  #lead(): Promise<void> | void {
    if (this.#end !== undefined || this.#role === 'alone' || this.#leaving.signal.aborted) return
    this.#role = 'leader'
    this.#term = randomToken(12)
    this.#seq = 0
    this.#follower.stop()
    this.#post({ type: 'lead' })
    void this.#openSource()
    return new Promise((resolve) => {
      this.#abdicate = resolve
    })
  }

  /** Another tab has taken over, as this one did not answer. */
  #depose(): void {
    if (this.#role !== 'leader' || this.#leaving.signal.aborted) return
    this.#role = 'follower'
    this.#closeSource()
    this.#follower.join()
    this.#seek({ signal: this.#leaving.signal })
  }

  /** Cannot be served by others, or cannot serve them: has a stream of its own. */
  #goAlone(): void {
    if (this.#role === 'leader') this.#post({ type: 'dissolve' })
    this.#role = 'alone'
    this.#follower.stop()
    this.#abdicate?.()
    if (this.#source === undefined) void this.#openSource()
  }

  #hear(message: TabMessage): void {
    if (this.#end !== undefined || this.#role === 'alone') return
    const isQuestion = message.type === 'join' || message.type === 'ping'
    if (this.#role === 'follower') {
      if (!isQuestion) this.#follower.hear(message)
    } else if (message.type === 'join') this.#welcome(message)
    else if (isQuestion) this.#post({ type: 'place', seq: this.#seq, place: this.#kept.place })
  }

  #welcome({ who, place, whole }: Extract<TabQuestion, { type: 'join' }>): void {
    const events = this.#kept.behind(place, whole)
    if (events === undefined) this.#post({ type: 'unknown', who, isFinal: place === undefined })
    else {
      const { isWhole, place } = this.#kept
      this.#post({ type: 'welcome', who, seq: this.#seq, events, isWhole, place, state: this.#state })
    }
  }

  #tick(): void {
    this.#announce()
    if (this.#role === 'follower') this.#follower.tick()
  }

  async #openSource(): Promise<void> {
    const { open, stream } = this.#options
    const opening = new AbortController()
    const { signal } = opening
    this.#opening = opening
    const showState = (state: ConnectionState): void => {
      if (signal.aborted) return
      this.#post({ type: 'state', state })
      this.#showState(state)
    }
    try {
      const source = await open({
        signal,
        lastEventId: this.#kept.place,
        onConnectionState: showState,
        onGap: (gap) => {
          if (signal.aborted) return
          this.#post({ type: 'gap', gap })
          stream.onGap(gap)
        },
      })
      if (signal.aborted) return leaveStream(source)
      this.#source = source
      if (this.#state?.status !== 'open') showState({ status: 'open' })
      this.#settleReady?.resolve()
      this.#wake?.()
    } catch (error) {
      if (signal.aborted) return
      this.#settleReady?.reject(error)
      this.#finish({ failure: error })
    }
  }

  #closeSource(): void {
    this.#opening?.abort()
    if (this.#source !== undefined) leaveStream(this.#source)
    this.#source = undefined
  }

  /** The source's next result; `undefined` when another tab has taken over meanwhile. */
  async #read(source: OpenedStream<Event>): Promise<IteratorResult<Event, unknown> | undefined> {
    let result: IteratorResult<Event, unknown>
    try {
      const pending = source.next()
      this.#isReading = true
      this.#announce()
      result = await pending
    } catch (error) {
      if (this.#source !== source) return undefined
      this.#finish({ failure: error })
      throw error
    } finally {
      this.#isReading = false
    }
    if (this.#source !== source) return undefined
    const { done, value } = result
    if (done) {
      this.#finish({ value })
      return result
    }
    const place = placeBehind(source, value) ?? this.#kept.place
    const event = { value, meta: getEventMeta(value), place }
    this.#kept.push(event)
    this.#taken = place
    this.#seq++
    if (!this.#post({ type: 'event', seq: this.#seq, event })) this.#goAlone()
    return result
  }

  /** Where the stream has come to without an event. An event counts there once the next one is asked for. */
  readonly #announce = (): void => {
    if (this.#role !== 'leader' || this.#source === undefined || !this.#isReading) return
    const place = placeOf(this.#source)
    if (place === undefined || place === this.#kept.place) return
    this.#moveTo(place)
    this.#post({ type: 'place', seq: this.#seq, place })
  }

  #take(event: TabEvent): void {
    this.#isLive = false
    this.#kept.push(event)
    this.#queue.push(event)
    this.#wake?.()
  }

  #moveTo(place: string): void {
    this.#kept.moveTo(place)
    if (this.#queue.length === 0) this.#taken = place
  }

  #showState(state: ConnectionState): void {
    this.#state = state
    this.#options.stream.onConnectionState(state)
    if (state.status === 'open') this.#settleReady?.resolve()
  }

  #finish(end: End): void {
    this.#end = end
    this.#follower.stop()
    if (this.#role === 'leader') {
      const told: TabEnd = 'failure' in end ? { error: toRPCError(end.failure).toJSON() } : end
      this.#post({ type: 'end', seq: this.#seq, end: told })
    }
    this.#settleReady?.resolve()
    this.#wake?.()
  }

  #somethingNew(): Promise<undefined> {
    return new Promise((resolve) => {
      this.#wake = () => resolve(undefined)
    })
  }

  /** Whether it could be sent: not everything can be copied to another tab. */
  #post(message: TabQuestion | Untitled): boolean {
    // Who is alone speaks to nobody.
    if (this.#role === 'alone') return true
    try {
      this.#channel.postMessage({ ...message, term: this.#term })
      return true
    } catch {
      return false
    }
  }
}

function resultOf<Event>(end: End): IteratorResult<Event, unknown> {
  if ('failure' in end) throw end.failure
  return { done: true, value: end.value }
}
