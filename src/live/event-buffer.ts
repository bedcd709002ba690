/** The newest events of a stream by their sequence numbers, at most `limit` of them. */
export class EventBuffer<Event> {
  #events: Event[] = []
  #first = 0
  limit = 0

  /** Sequence number of the oldest event that is kept, and the one that the next event will get. */
  get first(): number {
    return Math.max(this.#first, this.next - this.limit)
  }

  get next(): number {
    return this.#first + this.#events.length
  }

  /** Drops what is too much by the half, so that an event costs the same however many there are. */
  push(event: Event): void {
    this.#events.push(event)
    if (this.#events.length <= 2 * this.limit + 64) return
    this.#first = this.first
    this.#events = this.limit === 0 ? [] : this.#events.slice(-this.limit)
  }

  /** The events from a sequence number on, at most the newest `count`. */
  slice(from: number, count: number): readonly Event[] {
    const start = Math.max(from, this.first, this.next - count)
    return this.#events.slice(start - this.#first)
  }

  clear(): void {
    this.#first = this.next
    this.#events = []
  }
}
