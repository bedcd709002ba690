import type { EventFormat } from './event-format.ts'
import type { Page } from './event-log.ts'
import { isSamePlace, NO_TAG, type Position } from './position.ts'
import { type StoredEvent, storedEvents } from './stored-event.ts'

/** What an event costs beside its record, in bytes. */
const EVENT_OVERHEAD = 200

/** A page of a channel's log, as all who read history share it. */
export class HistoryPage {
  /** The reader's, when it was read: later it may not be of this history. */
  readonly generation: number
  readonly events: readonly StoredEvent[]
  /** The place behind which it was read; the oldest one, when it was read from the start. */
  readonly after: Position
  readonly through: Position
  /** Where the channel ended when it was read. */
  readonly head: Position
  readonly trimmed: number
  readonly bytes: number
  readonly readAt: number

  constructor(page: Page, after: Position | 'start', format: EventFormat, generation: number) {
    this.generation = generation
    this.after = after === 'start' ? { ...page.position, offset: page.trimmed, tag: NO_TAG } : after
    this.events = storedEvents(this.after, page.records, format)
    this.through = page.through
    this.head = page.position
    this.trimmed = page.trimmed
    this.bytes = this.events.reduce((sum, { bytes }) => sum + bytes + EVENT_OVERHEAD, EVENT_OVERHEAD)
    this.readAt = Date.now()
  }

  /** Whether events are missing between the place it was read after and its first one. */
  get isTrimmed(): boolean {
    return this.after.offset < this.trimmed
  }

  /** The index of the event to go on with behind a place; -1 when the page cannot vouch for the place. */
  indexAfter(place: Position): number {
    if (isSamePlace(place, this.after)) return 0
    let low = 0
    let high = this.events.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#offsetAt(middle) < place.offset) low = middle + 1
      else high = middle
    }
    const event = this.events[low]
    return event !== undefined && isSamePlace(event.position, place) ? low + 1 : -1
  }

  /** Whether the page knows the place and has something behind it. */
  serves(place: Position): boolean {
    if (place.offset < this.after.offset || place.offset >= this.through.offset) return false
    const index = this.indexAfter(place)
    return index !== -1 && index < this.events.length
  }

  #offsetAt(index: number): number {
    return (this.events[index] as StoredEvent).position.offset
  }
}
