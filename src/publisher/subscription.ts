import { unlessAborted } from '../core/abort.ts'
import { type EventGapData, type GapPolicy, isEventGap } from '../event/event-gap.ts'
import { eventGap } from '../event/event-gap-error.ts'
import { ReadyIterator } from '../event/ready-iterator.ts'
import type { PassedGap, StreamPosition } from '../event/stream-position.ts'
import type { Cursor } from '../event/tail.ts'
import type { Follower, ReaderLease } from './channel-readers.ts'
import type { HistoryPage } from './history-page.ts'
import { formatId, isSamePlace, NO_TAG, type Position, parseId } from './position.ts'
import { ReplayLimit } from './replay-limit.ts'
import type { StoredEvent } from './stored-event.ts'
import { type PlacedSubscription, SubscriptionPosition } from './subscription-position.ts'

export interface SubscribeOptions {
  /** Aborting it makes a pending or the next `next()` reject with the signal's reason. */
  readonly signal?: AbortSignal | undefined
  /** Begins after this event: where a client that resumes has come to. Wins over `from`. */
  readonly lastEventId?: string | undefined
  /**
   * Where to begin without a `lastEventId`: with the oldest event that is kept, from this call on, or after the event
   * with this id. Default `'now'`.
   */
  readonly from?: 'start' | 'now' | (string & {}) | undefined
  /**
   * When history is missing: fail with `EVENT_GAP` (the default), or go on with the oldest event left or with new ones.
   * A function decides with the gap at hand, which it may write down; what it throws ends the subscription. A client of
   * a stream that goes on is told in band.
   */
  readonly onGap?: GapPolicy | ((gap: EventGapData) => GapPolicy | Promise<GapPolicy>) | undefined
  /**
   * Only the newest event counts, as with a state: it comes first, unless it is the `lastEventId`, and whoever is slow
   * gets the newest again, not those between. There are no gaps then.
   */
  readonly latest?: boolean | undefined
  /**
   * The id before which nothing may be replayed: where a member has joined, say (`publisher.head()`). Events up to there
   * are to this subscriber as if they had been trimmed. In another history than the id's, only new events are given.
   */
  readonly notBefore?: string | undefined
  /**
   * Is asked before the subscription begins and before each page of history, since ids are no secrets and rights change.
   * What it throws ends the subscription.
   */
  readonly authorize?: (() => unknown) | undefined
}

/** Gaps passed over in a row, without an event between them, after which going on is hopeless. */
const MAX_GAPS = 8

/** A place in no channel: what an id that is none of ours stands for. */
const NOWHERE: Position = { epoch: '-', offset: 0, tag: NO_TAG }

/**
 * One subscriber's way through a channel: from history to live without a seam, every event after its start once and in
 * order, or an `EVENT_GAP`.
 *
 * It is a cursor on the shared tail while it keeps up. When it falls behind the tail it reads the log until it is back.
 */
export class Subscription<Value> extends ReadyIterator<Value> implements PlacedSubscription, Follower {
  readonly #lease: ReaderLease
  readonly #options: SubscribeOptions
  readonly #limit: ReplayLimit | undefined
  /** What comes up to here is not for this subscriber. */
  #floor: Position | undefined
  /**
   * Resolves with the id of the place where this subscription begins: read a snapshot then, and nothing is missed
   * between the two. Rejects with what keeps it from beginning.
   */
  readonly ready: Promise<string>
  readonly '~position': StreamPosition
  /** Set when nobody wants more: by the signal, by `return()`, by a failure. */
  #left: { readonly reason: unknown } | undefined
  /** Aborts then. Made when something has to be waited for that takes a signal. */
  #leaving: AbortController | undefined
  /** Everything up to here has been handed out. Unknown until it is found where `'start'` is. */
  #position: Position | undefined
  /** Whether the position is known to be one of this history: an id from outside may not be. */
  #trusted = false
  /** The reader's generation in which it was. */
  #generation = 0
  #started = false
  /** Whether it was on the tail last, and not on its way there. */
  #isLive = false
  #cursor: Cursor<StoredEvent> | undefined
  #page: { readonly page: HistoryPage; next: number } | undefined
  #gaps = 0
  /** What was in the way when there was nothing to take. */
  #failure: { readonly error: unknown } | undefined
  #passedGap: PassedGap | undefined
  /** With `latest`: the newest event found so far. It is handed out when nothing is known to follow it. */
  #newest: StoredEvent | undefined

  /** @param lease gives a hold on the channel's reader. @throws {TypeError} for a `notBefore` that is no id. */
  constructor(lease: (follower: Follower) => ReaderLease, options: SubscribeOptions) {
    super()
    this.#options = options
    this.#limit = options.notBefore === undefined ? undefined : new ReplayLimit(options.notBefore)
    this.#lease = lease(this)
    // Asked for now: a publish that follows this call must not move the start.
    this.ready = this.#start(this.#lease.reader.isStarted ? pinHead(this.#lease) : undefined)
    const known = this.ready.catch((error) => this.#letGo(error))
    this['~position'] = new SubscriptionPosition(this, known)
    if (options.signal?.aborted) this.#abort()
    else options.signal?.addEventListener('abort', this.#abort)
  }

  get lag(): number {
    const { reader } = this.#lease
    if (this.#position === undefined || !reader.isStarted || this.#position.epoch !== reader.head.epoch) return 0
    return this.#isWaiting ? 0 : reader.head.offset - this.#position.offset
  }

  '~take'(): IteratorResult<Value, void> | undefined {
    if (this.#failure !== undefined) throw this.#failure.error
    this.#assertOpen()
    if (!this.#started) return undefined
    const event = this.#options.latest ? this.#nextNewest() : this.#next()
    if (event === undefined) return undefined
    const value = event.value() as Value
    this.#position = event.position
    this.#lease.reader.measures.delivered++
    return { done: false, value }
  }

  '~onReady'(listener: () => void): void {
    if (this.#cursor !== undefined && this.#started) {
      this.#cursor.onChange(listener)
      return
    }
    const fail = (error: unknown): void => {
      this.#failure = { error }
      listener()
    }
    void (this.#started ? this.#readPage() : this.ready).then(listener, fail)
  }

  protected release(): void {
    this.#letGo(undefined)
  }

  readonly #abort = (): void => this.#letGo(this.#options.signal?.reason)

  #letGo(reason: unknown): void {
    if (this.#left !== undefined) return
    this.#left = { reason: reason ?? new DOMException('The subscription was left', 'AbortError') }
    this.#leaving?.abort(this.#left.reason)
    this.#cursor?.wake()
    this.#options.signal?.removeEventListener('abort', this.#abort)
    this.#lease.release(this)
  }

  async #start(pinned: Pin | undefined): Promise<string> {
    const { authorize } = this.#options
    const { reader } = this.#lease
    if (!reader.isStarted) await unlessAborted(reader.started, AbortSignal.any([this.#signal, reader.signal]))
    const now = pinned ?? pinHead(this.#lease)
    this.#assertOpen()
    if (authorize !== undefined) await this.#authorize(authorize)
    this.#floor = this.#limit?.floorIn(now.head)
    const { id, from } = this.#begin
    if (id !== undefined) await this.#beginAfter(parseId(id) ?? NOWHERE, now.head)
    else if (from === 'now') {
      this.#goTo(now.head, now.generation)
      this.#isLive = true
    }
    // What has been trimmed up to there is no gap.
    else this.#position = this.#floor
    while (!this.#trusted && !this.#attach()) await this.#readPage()
    this.#started = true
    const { lastEventId } = this.#options
    if (lastEventId !== undefined) {
      reader.counts.resumes++
      reader.measures.resumed(reader.channel, lastEventId)
    }
    return formatId(this.#position as Position)
  }

  get #begin(): { readonly id?: string; readonly from?: 'start' | 'now' } {
    const { lastEventId, latest, from = 'now' } = this.#options
    if (lastEventId !== undefined) return { id: lastEventId }
    if (latest) return { from: 'start' }
    return from === 'start' || from === 'now' ? { from: from as 'start' | 'now' } : { id: from }
  }

  async #beginAfter(place: Position, head: Position): Promise<void> {
    this.#position = place
    const gap = this.#limit?.gapAfter(place, head)
    if (gap !== undefined) await this.#goOnAfterGap(gap)
  }

  async #authorize(authorize: () => unknown): Promise<void> {
    await unlessAborted(Promise.resolve(authorize()), this.#signal)
    this.#assertOpen()
  }

  #next(): StoredEvent | undefined {
    for (;;) {
      const event = this.#nextOfPage() ?? this.#nextOfTail()
      if (event === undefined || !this.#isBeforeFloor(event)) return event
    }
  }

  #isBeforeFloor({ position }: StoredEvent): boolean {
    return this.#floor?.epoch === position.epoch && position.offset <= this.#floor.offset
  }

  #nextNewest(): StoredEvent | undefined {
    for (let event = this.#next(); event !== undefined; event = this.#next()) this.#newest = event
    if (this.#cursor === undefined) return undefined
    const newest = this.#newest
    this.#newest = undefined
    return newest
  }

  #nextOfPage(): StoredEvent | undefined {
    if (this.#page === undefined) return undefined
    const { page, next } = this.#page
    const event = page.events[next]
    if (event === undefined) {
      this.#goTo(page.through, page.generation)
      this.#page = undefined
    } else this.#page.next++
    return event
  }

  #nextOfTail(): StoredEvent | undefined {
    if (!this.#attach()) return undefined
    const { offset } = this.#position as Position
    while (this.#cursor?.hasNext) {
      const event = this.#cursor.take()
      // The log may have been read further than this process's tail had come.
      if (event.position.offset > offset) return event
    }
    return undefined
  }

  /** Makes sure of a cursor on the tail; `false` when only the log can tell what comes next. */
  #attach(): boolean {
    const { reader } = this.#lease
    if (this.#cursor?.lost) this.#cursor = undefined
    if (this.#cursor === undefined && this.#options.latest) this.#skipTo(reader.newest)
    if (this.#cursor === undefined && this.#position !== undefined) {
      const isTrusted = this.#trusted && this.#generation === reader.generation
      this.#cursor = reader.cursorAfter(this.#position, isTrusted)
      if (this.#cursor !== undefined) this.#goTo(this.#position, reader.generation)
    }
    if (this.#cursor !== undefined) this.#isLive = true
    return this.#cursor !== undefined
  }

  #leaveTail(): void {
    const { reader } = this.#lease
    // A tail of another generation was lost to all.
    if (this.#isLive && this.#generation === reader.generation) reader.measures.fellBehind(reader.channel)
    this.#isLive = false
  }

  /** Leaves out what comes before an event that is at hand. */
  #skipTo(newest: StoredEvent | undefined): void {
    if (newest === undefined || (this.#position !== undefined && isSamePlace(this.#position, newest.position))) return
    this.#page = undefined
    this.#goTo(newest.after, this.#lease.reader.generation)
  }

  async #readPage(): Promise<void> {
    const after = this.#position ?? 'start'
    this.#leaveTail()
    const { authorize } = this.#options
    if (this.#started && authorize !== undefined) await this.#authorize(authorize)
    try {
      const page = await this.#lease.reader.historyAfter(after, this.#signal)
      if (after !== 'start' && after.offset < page.trimmed) throw trimmedGap(after, page)
      const begin = after === 'start' ? page.after : after
      this.#goTo(begin, page.generation)
      this.#page = { page, next: page.indexAfter(begin) }
      this.#gaps = 0
    } catch (error) {
      this.#assertOpen()
      await this.#goOnAfterGap(error)
    }
  }

  async #goOnAfterGap(error: unknown): Promise<void> {
    if (!isEventGap(error)) throw error
    const gap = this.#asSeen(error.data)
    const isStart = !this.#started && this.#position !== undefined && this.#position === this.#floor
    const policy = isStart ? 'oldest' : await this.#policyFor(gap)
    // A log that refuses the places it names is broken.
    const isOver = (policy !== 'oldest' && policy !== 'now') || ++this.#gaps > MAX_GAPS
    if (!isStart && !this.#options.latest) {
      const { reader } = this.#lease
      reader.counts.gaps++
      reader.measures.gap(reader.channel, gap, isOver ? 'fail' : policy)
    }
    if (isOver) throw gap === error.data ? error : eventGap(gap)
    const after = policy === 'oldest' ? gap.oldest : gap.head
    if (!this.#options.latest && !isStart) this.#passGap(gap, after)
    const head = gap.head === undefined ? undefined : parseId(gap.head)
    if (head !== undefined) this.#floor = this.#limit?.floorIn(head)
    this.#position = after === undefined ? undefined : parseId(after)
    this.#trusted = false
  }

  /** As this subscriber sees it. What was sent is what the caller knows, not what it was read as. */
  #asSeen(data: EventGapData): EventGapData {
    const gap = this.#position === NOWHERE ? { ...data, lastEventId: this.#begin.id } : data
    return this.#limit?.narrow(gap) ?? gap
  }

  async #policyFor(gap: EventGapData): Promise<GapPolicy> {
    const { latest, onGap = 'fail' } = this.#options
    if (latest) return 'oldest'
    if (typeof onGap !== 'function') return onGap
    const policy = await unlessAborted(Promise.resolve(onGap(gap)), this.#signal)
    this.#assertOpen()
    return policy
  }

  /** Gaps without an event between them are one. */
  #passGap(gap: EventGapData, after: string | undefined): void {
    const { reason, lastEventId } = this.#passedGap?.gap ?? gap
    this.#passedGap = { gap: { ...gap, reason, lastEventId }, after }
  }

  /** Not before the place behind it is known to be one: the log may refuse that too. */
  '~takeGap'(): PassedGap | undefined {
    if (!this.#trusted) return undefined
    const passed = this.#passedGap
    this.#passedGap = undefined
    return passed
  }

  /** @throws the signal's reason: what was handed out is not wanted any more. */
  '~assertWanted'(): void {
    if (this.#left !== undefined) this.#options.signal?.throwIfAborted()
  }

  #goTo(position: Position, generation: number): void {
    this.#position = position
    this.#generation = generation
    this.#trusted = true
  }

  #assertOpen(): void {
    if (this.#left !== undefined) throw this.#left.reason
    if (this.#lease.reader.isClosed) this.#lease.reader.signal.throwIfAborted()
  }

  get #signal(): AbortSignal {
    this.#leaving ??= new AbortController()
    if (this.#left !== undefined) this.#leaving.abort(this.#left.reason)
    return this.#leaving.signal
  }

  /** Everything that this process knows of the channel has been handed out. */
  get #isWaiting(): boolean {
    return this.#page === undefined && this.#cursor !== undefined && !this.#cursor.hasNext && !this.#cursor.lost
  }

  /** While it waits at the end of the tail it has passed all that the reader has passed, events or not. */
  '~handedOut'(): string | undefined {
    if (!this.#trusted || this.#position === undefined || this.#newest !== undefined) return undefined
    const { position } = this.#lease.reader
    return formatId(this.#isWaiting && position.offset > this.#position.offset ? position : this.#position)
  }
}

/** Where a subscription begins that begins now. */
interface Pin {
  readonly head: Position
  readonly generation: number
}

function pinHead({ reader }: ReaderLease): Pin {
  return { head: reader.head, generation: reader.generation }
}

function trimmedGap(after: Position, { head, trimmed }: HistoryPage): Error {
  const oldest = formatId({ ...head, offset: trimmed, tag: NO_TAG })
  return eventGap({ reason: 'trimmed', lastEventId: formatId(after), oldest, head: formatId(head) })
}
