import { onAbort, unlessAborted } from '../core/abort.ts'
import { PullIterator } from '../core/pull-iterator.ts'
import { eventGap, isEventGap } from '../event/event-gap.ts'
import type { Positioned, StreamPosition } from '../event/stream-position.ts'
import type { Cursor } from '../event/tail.ts'
import type { ReaderLease } from './channel-readers.ts'
import type { HistoryPage } from './history-page.ts'
import { formatId, NO_TAG, type Position, parseId } from './position.ts'
import type { StoredEvent } from './stored-event.ts'

export interface SubscribeOptions {
  /** Aborting it makes a pending or the next `next()` reject with the signal's reason. */
  readonly signal?: AbortSignal | undefined
  /** Begins after this event. Wins over `start`. */
  readonly lastEventId?: string | undefined
  /** Without a `lastEventId`: from the oldest event that is kept, or from this call on. Default `'now'`. */
  readonly start?: 'start' | 'now' | undefined
  /** When history is missing: fail with `EVENT_GAP` (the default), or go on with the oldest event left or with new ones. */
  readonly onGap?: 'fail' | 'oldest' | 'now' | undefined
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
export class Subscription<Value> extends PullIterator<Value> implements Positioned {
  readonly #lease: ReaderLease
  readonly #options: SubscribeOptions
  /**
   * Resolves with the id of the place where this subscription begins: read a snapshot then, and nothing is missed
   * between the two. Rejects with what keeps it from beginning.
   */
  readonly ready: Promise<string>
  readonly '~position': StreamPosition
  readonly #offAbort: (() => void) | undefined
  /** Aborts when nobody wants more: by the signal, by `return()`, by a failure. */
  readonly #left = new AbortController()
  /** Everything up to here has been handed out. Unknown until it is found where `'start'` is. */
  #position: Position | undefined
  /** Whether the position is known to be one of this history: an id from outside may not be. */
  #trusted = false
  /** The reader's generation in which it was. */
  #generation = 0
  #started = false
  #cursor: Cursor<StoredEvent> | undefined
  #page: { readonly page: HistoryPage; next: number } | undefined
  #gaps = 0

  constructor(lease: ReaderLease, options: SubscribeOptions) {
    super()
    this.#lease = lease
    this.#options = options
    // Asked for now: a publish that follows this call must not move the start.
    const head = lease.reader.isStarted ? lease.reader.head : undefined
    this.ready = this.#start(head)
    const known = this.ready.catch((error) => this.#letGo(error))
    this['~position'] = { ready: known, cursor: () => this.#handedOut() }
    this.#offAbort = onAbort(options.signal, () => this.#letGo(options.signal?.reason))
  }

  protected async pull(): Promise<IteratorResult<Value, void>> {
    if (!this.#started) await this.ready
    for (;;) {
      this.#assertOpen()
      const event = this.#nextOfPage() ?? this.#nextOfTail()
      if (event !== undefined) {
        const value = event.value() as Value
        this.#position = event.position
        return { done: false, value }
      }
      if (this.#cursor === undefined) await this.#readPage()
      else await this.#cursor.changed()
    }
  }

  protected release(): void {
    this.#letGo(undefined)
  }

  #letGo(reason: unknown): void {
    if (this.#left.signal.aborted) return
    this.#left.abort(reason)
    this.#cursor?.wake()
    this.#offAbort?.()
    this.#lease.release()
  }

  async #start(head: Position | undefined): Promise<string> {
    const { lastEventId, start = 'now' } = this.#options
    const { reader } = this.#lease
    await unlessAborted(reader.started, AbortSignal.any([this.#left.signal, reader.signal]))
    this.#assertOpen()
    if (lastEventId !== undefined) this.#position = parseId(lastEventId) ?? NOWHERE
    else if (start === 'now') this.#goTo(head ?? reader.head, reader.generation)
    while (!this.#trusted && !this.#attach()) await this.#readPage()
    this.#started = true
    return formatId(this.#position as Position)
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
    if (this.#cursor?.lost) this.#cursor = undefined
    if (this.#cursor === undefined && this.#position !== undefined) {
      const { reader } = this.#lease
      const isTrusted = this.#trusted && this.#generation === reader.generation
      this.#cursor = reader.cursorAfter(this.#position, isTrusted)
      if (this.#cursor !== undefined) this.#goTo(this.#position, reader.generation)
    }
    return this.#cursor !== undefined
  }

  async #readPage(): Promise<void> {
    const after = this.#position ?? 'start'
    try {
      const page = await this.#lease.reader.historyAfter(after, this.#left.signal)
      if (after !== 'start' && after.offset < page.trimmed) throw trimmedGap(after, page)
      const begin = after === 'start' ? page.after : after
      this.#goTo(begin, page.generation)
      this.#page = { page, next: page.indexAfter(begin) }
      this.#gaps = 0
    } catch (error) {
      this.#assertOpen()
      this.#goOnAfterGap(error)
    }
  }

  #goOnAfterGap(error: unknown): void {
    const { onGap = 'fail', lastEventId } = this.#options
    if (!isEventGap(error)) throw error
    // What was sent is what the caller knows, not what it was read as. A log that refuses the places it names is broken.
    if (onGap === 'fail' || ++this.#gaps > MAX_GAPS) {
      throw this.#position === NOWHERE ? eventGap({ ...error.data, lastEventId }) : error
    }
    const id = onGap === 'oldest' ? error.data.oldest : error.data.head
    this.#position = id === undefined ? undefined : parseId(id)
    this.#trusted = false
  }

  #goTo(position: Position, generation: number): void {
    this.#position = position
    this.#generation = generation
    this.#trusted = true
  }

  #assertOpen(): void {
    this.#options.signal?.throwIfAborted()
    this.#left.signal.throwIfAborted()
    this.#lease.reader.signal.throwIfAborted()
  }

  /** While it waits at the end of the tail it has passed all that the reader has passed, events or not. */
  #handedOut(): string | undefined {
    if (!this.#trusted || this.#position === undefined) return undefined
    const isWaiting =
      this.#page === undefined && this.#cursor !== undefined && !this.#cursor.hasNext && !this.#cursor.lost
    const { position } = this.#lease.reader
    return formatId(isWaiting && position.offset > this.#position.offset ? position : this.#position)
  }
}

function trimmedGap(after: Position, { head, trimmed }: HistoryPage): Error {
  const oldest = formatId({ ...head, offset: trimmed, tag: NO_TAG })
  return eventGap({ reason: 'trimmed', lastEventId: formatId(after), oldest, head: formatId(head) })
}
