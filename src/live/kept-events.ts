import { EventBuffer } from './event-buffer.ts'
import type { TabEvent } from './tab-message.ts'

/** What one tab keeps of a stream, for others who come later and for who goes on when this one is closed. */
export class KeptEvents {
  readonly #buffer = new EventBuffer<TabEvent>()
  readonly #begin: string | undefined
  #hasBegin = true
  /** Where the stream goes on behind all that has come. */
  place: string | undefined

  /** @param begin after which event the stream begins. */
  constructor(begin: string | undefined, limit: number) {
    this.#begin = begin
    this.place = begin
    this.#buffer.limit = limit
  }

  /** Whether nothing is missing since the stream began. */
  get isWhole(): boolean {
    return this.#hasBegin && this.#buffer.first === 0
  }

  /** Only the newest events came. */
  loseBegin(): void {
    this.#hasBegin = false
  }

  push(event: TabEvent): void {
    this.#buffer.push(event)
    this.place = event.place ?? this.place
  }

  /** The stream has come to this place; an event that carries no id itself gets it so. */
  moveTo(place: string): void {
    this.place = place
    const [last] = this.#buffer.slice(this.#buffer.next - 1, 1)
    if (last !== undefined) last.place = place
  }

  /**
   * The events behind a place; `undefined` when that place is not known.
   *
   * @param whole whether every event is needed, and not only the newest ones.
   */
  behind(place: string | undefined, whole: boolean): readonly TabEvent[] | undefined {
    const all = this.#buffer.slice(0, Number.POSITIVE_INFINITY)
    if (place === this.#begin && (this.isWhole || (place === undefined && !whole))) return all
    if (place === undefined) return undefined
    if (place === this.place) return []
    const index = all.findLastIndex((event) => event.place === place)
    return index === -1 ? undefined : all.slice(index + 1)
  }
}
