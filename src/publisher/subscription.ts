import { onAbort, unlessAborted } from '../core/abort.ts'
import { PullIterator } from '../core/pull-iterator.ts'
import { eventGap, isEventGap } from '../event/event-gap.ts'
import type { Positioned, StreamPosition } from '../event/stream-position.ts'
import type { Cursor } from '../event/tail.ts'
import type { Serializer } from '../wire/serializer.ts'
import type { ChannelReader } from './channel-reader.ts'
import type { Page, StoredRecord } from './event-log.ts'
import { formatId, NO_TAG, type Position, parseId } from './position.ts'
import { StoredEvent } from './stored-event.ts'

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

export interface SubscriptionContext {
  readonly reader: ChannelReader
  readonly serializer: Serializer
  readonly onRelease: () => void
}

/** A place in no channel: what an id that is none of ours stands for. */
const NOWHERE: Position = { epoch: '-', offset: 0, tag: NO_TAG }

/**
 * One subscriber's way through a channel: from history to live without a seam, every event after its start once and in
 * order, or an `EVENT_GAP`.
 *
 * It is a cursor on the shared tail while it keeps up. When it falls behind the tail it reads the log until it is back.
 */
export class Subscription<Value> extends PullIterator<Value> implements Positioned {
  readonly #context: SubscriptionContext
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
  #page: { readonly records: StoredRecord[]; readonly through: Position; readonly generation: number } | undefined

  constructor(context: SubscriptionContext, options: SubscribeOptions) {
    super()
    this.#context = context
    this.#options = options
    // Asked for now: a publish that follows this call must not move the start.
    const head = context.reader.isStarted ? context.reader.head : undefined
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
    this.#context.onRelease()
  }

  async #start(head: Position | undefined): Promise<string> {
    const { lastEventId, start = 'now' } = this.#options
    const { reader } = this.#context
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
    const record = this.#page.records.shift()
    if (record !== undefined) return new StoredEvent(this.#position as Position, record, this.#context.serializer)
    this.#goTo(this.#page.through, this.#page.generation)
    this.#page = undefined
    return undefined
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
      const { reader } = this.#context
      const isTrusted = this.#trusted && this.#generation === reader.generation
      this.#cursor = reader.cursorAfter(this.#position, isTrusted)
      if (this.#cursor !== undefined) this.#goTo(this.#position, reader.generation)
    }
    return this.#cursor !== undefined
  }

  async #readPage(): Promise<void> {
    const after = this.#position ?? 'start'
    const { generation } = this.#context.reader
    try {
      const page = await this.#context.reader.page(after, this.#left.signal)
      const { position, trimmed, records, through } = page
      if (after !== 'start' && after.offset < trimmed) throw trimmedGap(after, page)
      this.#goTo(after === 'start' ? { ...position, offset: trimmed, tag: NO_TAG } : after, generation)
      this.#page = { records: [...records], through, generation }
    } catch (error) {
      this.#assertOpen()
      this.#goOnAfterGap(error)
    }
  }

  #goOnAfterGap(error: unknown): void {
    const { onGap = 'fail', lastEventId } = this.#options
    if (!isEventGap(error)) throw error
    // What was sent is what the caller knows, not what it was read as.
    if (onGap === 'fail') throw this.#position === NOWHERE ? eventGap({ ...error.data, lastEventId }) : error
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
    this.#context.reader.signal.throwIfAborted()
  }

  /** While it waits at the end of the tail it has passed all that the reader has passed, events or not. */
  #handedOut(): string | undefined {
    if (!this.#trusted || this.#position === undefined) return undefined
    const isWaiting =
      this.#page === undefined && this.#cursor !== undefined && !this.#cursor.hasNext && !this.#cursor.lost
    const { position } = this.#context.reader
    return formatId(isWaiting && position.offset > this.#position.offset ? position : this.#position)
  }
}

function trimmedGap(after: Position, { position, trimmed }: Page): Error {
  const oldest = formatId({ ...position, offset: trimmed, tag: NO_TAG })
  return eventGap({ reason: 'trimmed', lastEventId: formatId(after), oldest, head: formatId(position) })
}
