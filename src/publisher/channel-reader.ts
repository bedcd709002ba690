import { RPCError } from '../core/error.ts'
import { withTimeout } from '../core/timeout.ts'
import { isEventGap } from '../event/event-gap.ts'
import { Cursor, Tail } from '../event/tail.ts'
import { appendedBy } from './appended.ts'
import type { EventFormat } from './event-format.ts'
import type { Appended, AppendResult, EventLog, Head, LogWatch, NewRecord, Page, StoredRecord } from './event-log.ts'
import { History, PAGE_LIMIT } from './history.ts'
import type { HistoryPage } from './history-page.ts'
import type { Measures } from './measures.ts'
import type { PageCache } from './page-cache.ts'
import { persist } from './persist.ts'
import { isSamePlace, NO_TAG, type Position } from './position.ts'
import { StoredEvent } from './stored-event.ts'

export interface ChannelReaderOptions {
  readonly log: EventLog
  /** This process's one watch. */
  readonly watch: () => Promise<LogWatch>
  readonly format: EventFormat
  readonly cache: PageCache
  /** The longest that the log may take to answer, in ms. */
  readonly timeout: number
  /** Is told of failures of the log, which are then tried again. */
  readonly onError: (error: unknown) => void
  readonly measures: Measures
  /** Takes the channel off the watch. */
  readonly unwatch: () => void
}

/** How long a start, and with it a publish, waits for wake-ups at most, in ms. */
const WATCH_WAIT = 1000

const TAIL_LIMIT = { entries: 1024, bytes: 1024 * 1024 }

/**
 * The one reader of a channel in this process. Woken, it reads what is new and puts it on the tail that all
 * subscribers share.
 *
 * The watch is registered before the head is read: an append between the two wakes the reader, so nothing falls
 * between history and live. A watch that fails is tried again while the poll alone wakes the reader.
 */
export class ChannelReader {
  readonly #channel: string
  readonly #options: ChannelReaderOptions
  readonly #stop = new AbortController()
  readonly #history: History
  /** Resolves when the reader knows where the channel ends; rejects when it is closed first. */
  readonly started: Promise<void>
  readonly counts: { events: number; resumes: number; gaps: number } = { events: 0, resumes: 0, gaps: 0 }
  #tail = createTail()
  /** The place behind the last event on the tail. */
  #position: Position | undefined
  /** The newest place that this process has appended, which the tail may not have reached yet. */
  #appended: Position | undefined
  #generation = 0
  #isClosed = false
  #reading = false
  #woken = false
  /** Whether it is only a poll that says that there is something new. */
  #isPolled = false

  constructor(channel: string, options: ChannelReaderOptions) {
    this.#channel = channel
    this.#options = options
    this.#history = new History({
      channel,
      format: options.format,
      cache: options.cache,
      generation: () => this.#generation,
      read: (after, signal) => this.#page(after, AbortSignal.any([signal, this.#stop.signal])),
    })
    this.started = this.#start()
    this.started.catch(() => {})
  }

  /** Aborts when the reader is closed. */
  get signal(): AbortSignal {
    return this.#stop.signal
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  get isStarted(): boolean {
    return this.#position !== undefined
  }

  /** Changes whenever the tail begins anew: what was known to be in this history has to be verified again. */
  get generation(): number {
    return this.#generation
  }

  /** The place up to which everything is on the tail, or was; only once started. */
  get position(): Position {
    return this.#position as Position
  }

  /** The newest place known; only once started. */
  get head(): Position {
    const appended = this.#appended
    if (appended === undefined) return this.position
    // Of another epoch is what was appended since the reader last looked: it is about to notice.
    const isBehind = appended.epoch === this.position.epoch && appended.offset <= this.position.offset
    return isBehind ? this.position : appended
  }

  get channel(): string {
    return this.#channel
  }

  get measures(): Measures {
    return this.#options.measures
  }

  /** Of the live events that are kept. */
  get tailBytes(): number {
    return this.#tail.bytes
  }

  /** The last event on the tail, if it has any. */
  get newest(): StoredEvent | undefined {
    return this.#tail.next > this.#tail.first ? this.#tail.at(this.#tail.next - 1) : undefined
  }

  /**
   * A cursor that goes on behind a place; `undefined` when the tail does not reach back there, or when the place is
   * not `trusted` to belong to this history and the tail cannot vouch for it.
   */
  cursorAfter(after: Position, trusted: boolean): Cursor<StoredEvent> | undefined {
    const floor = this.#tail.next > this.#tail.first ? this.#tail.at(this.#tail.first).after : this.position
    if (floor.epoch !== after.epoch || after.offset < floor.offset) return undefined
    const sequence = this.#sequenceAfter(after.offset)
    const place = sequence > this.#tail.first ? this.#tail.at(sequence - 1).position : floor
    const vouched = place.offset === after.offset ? place.tag === after.tag : trusted
    return vouched ? new Cursor(this.#tail, sequence) : undefined
  }

  /** There may be something new. Where the log brings it along it need not be read, if it follows what is on the tail. */
  wake(appended?: Appended): void {
    this.#isPolled = false
    if (appended === undefined || !this.#take(appended)) this.#look()
  }

  #look(): void {
    this.#woken = true
    if (!this.#reading && this.#position !== undefined) void this.#read()
  }

  /** Where the log says that the channel ends. */
  observe({ position }: Head): void {
    if (this.#position === undefined || isSamePlace(this.#position, position)) return
    this.#isPolled = !this.#woken && !this.#reading
    this.#look()
  }

  /** This process has appended something. A wake-up may have brought it already. */
  feed(result: AppendResult, records: readonly NewRecord[]): void {
    this.#appended = result.last
    if (this.#position === undefined || !this.#has(result.last)) this.wake(appendedBy(result, records))
  }

  /** A page with what follows a place, shared with others. A gap is final; other failures are tried again. */
  historyAfter(after: Position | 'start', signal: AbortSignal): Promise<HistoryPage> {
    return this.#history.page(after, signal)
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#stop.abort(new RPCError('SERVICE_UNAVAILABLE', { message: 'The publisher was closed' }))
    this.#tail.wake()
    this.#options.unwatch()
  }

  async #start(): Promise<void> {
    const { timeout } = this.#options
    const isWatched = await this.#watch(Math.min(timeout, WATCH_WAIT)).then(
      () => true,
      (error: unknown) => {
        if (!this.#stop.signal.aborted) this.#options.onError(error)
        return false
      },
    )
    await this.#persist(() => this.#restart())
    if (this.#woken) this.wake()
    if (!isWatched) void this.#watchLater()
  }

  #watch(milliseconds: number): Promise<void> {
    const add = async (): Promise<void> => {
      const watch = await this.#options.watch()
      this.#stop.signal.throwIfAborted()
      await watch.add(this.#channel)
    }
    return withTimeout(add(), { milliseconds, subject: 'The watch of the log', signal: this.#stop.signal })
  }

  /** The log was read before the watch stood, so it is read once more. */
  async #watchLater(): Promise<void> {
    try {
      await this.#persist(() => this.#watch(this.#options.timeout))
      this.wake()
    } catch {
      // Closed: whoever closes it takes the channel off the watch.
    }
  }

  async #read(): Promise<void> {
    this.#reading = true
    try {
      while (this.#woken) {
        this.#woken = false
        const before = this.#position
        await this.#readToHead()
        if (this.#isPolled && before !== this.#position) this.#options.measures.missedWake(this.#channel)
        this.#isPolled = false
      }
    } catch (error) {
      if (!this.#stop.signal.aborted) this.#options.onError(error)
    } finally {
      this.#reading = false
    }
  }

  async #readToHead(): Promise<void> {
    for (;;) {
      const after = this.position
      try {
        const page = await this.#page(after, this.#stop.signal)
        if (page.trimmed > after.offset) return this.#reset(page.position)
        this.#push(page.records)
        if (page.through.offset > this.position.offset) this.#position = page.through
        if (page.through.offset >= page.position.offset) return
      } catch (error) {
        if (!isEventGap(error)) throw error
        // This history is gone. The reader follows the new one; each subscriber comes upon the gap by itself.
        return this.#persist(() => this.#restart())
      }
    }
  }

  async #restart(): Promise<void> {
    const [head] = await this.#options.log.heads([this.#channel])
    if (head === undefined) throw new Error(`The log gave no head for the channel ${this.#channel}`)
    this.#appended = undefined
    this.#reset(head.position)
  }

  /** Begins anew behind a place: subscribers that have not reached it read the log themselves. */
  #reset(position: Position): void {
    const abandoned = this.#tail
    this.#tail = createTail()
    this.#position = position
    this.#generation++
    this.#history.clear()
    abandoned.close()
  }

  /** Whether these records are on the tail now, by the log's own word or by that of a wake-up. */
  #take({ before, last, records }: Appended): boolean {
    if (this.#position === undefined) return false
    const isKnown = before.tag === NO_TAG ? this.#isBetween(before, records) : isSamePlace(this.#position, before)
    if (isKnown) this.#push(records)
    return this.#has(last)
  }

  #isBetween(before: Position, [first]: readonly StoredRecord[]): boolean {
    const { epoch, offset } = this.position
    return epoch === before.epoch && before.offset <= offset && first !== undefined && offset < first.offset
  }

  /** Whether this very place has been on the tail: one of another history may have its offset. */
  #has(place: Position): boolean {
    if (isSamePlace(this.position, place)) return true
    const sequence = this.#sequenceAfter(place.offset) - 1
    return sequence >= this.#tail.first && isSamePlace(this.#tail.at(sequence).position, place)
  }

  #push(records: readonly StoredRecord[]): void {
    for (const record of records) {
      // feed() may have brought it while the page was on its way.
      if (record.offset <= this.position.offset) continue
      const event = new StoredEvent(this.position, record, this.#options.format)
      this.#tail.push(event)
      this.counts.events++
      this.#position = event.position
    }
    this.#tail.wake()
  }

  /** Sequence number of the first event on the tail behind an offset. */
  #sequenceAfter(offset: number): number {
    let low = this.#tail.first
    let high = this.#tail.next
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#tail.at(middle).position.offset <= offset) low = middle + 1
      else high = middle
    }
    return low
  }

  #page(after: Position | 'start', signal: AbortSignal): Promise<Page> {
    const { log } = this.#options
    return this.#persist(async () => {
      const page = await log.read(this.#channel, after, PAGE_LIMIT)
      this.#options.measures.pages++
      if (log.capabilities.offsets === 'contiguous') assertWhole(page, after)
      return page
    }, signal)
  }

  #persist<Result>(attempt: () => Promise<Result>, signal: AbortSignal = this.#stop.signal): Promise<Result> {
    return persist(attempt, { ...this.#options, signal })
  }
}

/** Where offsets have no holes, a page with one is a fault of the log, to be read again and never to be passed on. */
function assertWhole({ records, trimmed, through }: Page, after: Position | 'start'): void {
  let offset = after === 'start' ? trimmed : Math.max(after.offset, trimmed)
  for (const record of records) if (record.offset !== ++offset) throw new Error(`The log left out the event ${offset}`)
  if (through.offset !== offset) throw new Error(`The log left out events from ${offset + 1} to ${through.offset}`)
}

function createTail(): Tail<StoredEvent> {
  return new Tail({ ...TAIL_LIMIT, sizeOf: ({ bytes }) => bytes })
}
