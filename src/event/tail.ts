export interface TailOptions<Entry> {
  /** The most entries kept. */
  readonly entries: number
  /** The most bytes kept, as `sizeOf` counts them; the newest entry is always kept. */
  readonly bytes?: number
  readonly sizeOf?: (entry: Entry) => number
}

/** Who waits at the end of a tail. */
export interface Waiter {
  wake(): void
}

/**
 * The newest entries of one channel, shared by all its readers: a bounded ring over which cursors move.
 *
 * A reader costs a number, not a queue. One that is too slow falls off the ring and has to see to it itself.
 */
export class Tail<Entry> {
  readonly #options: TailOptions<Entry>
  /** Each at its sequence number modulo the length, a power of two that grows with what is kept. */
  #ring: (Entry | undefined)[] = new Array(16)
  #bytes = 0
  #first = 0
  #next = 0
  #waiting = new Set<Waiter>()
  #closed = false

  constructor(options: TailOptions<Entry>) {
    this.#options = options
  }

  /** Of the entries kept. */
  get bytes(): number {
    return this.#bytes
  }

  /** Sequence number of the oldest entry kept. */
  get first(): number {
    return this.#first
  }

  /** Sequence number that the next entry will get. */
  get next(): number {
    return this.#next
  }

  /** The entry of a sequence number from `first` up to, not including, `next`. */
  at(sequence: number): Entry {
    return this.#ring[sequence & (this.#ring.length - 1)] as Entry
  }

  /** Adds an entry. `wake()` tells the readers, once for all the entries of a batch. */
  push(entry: Entry): void {
    const { entries, bytes = Number.POSITIVE_INFINITY } = this.#options
    while (this.#next - this.#first > entries - 1) this.#dropFirst()
    if (this.#next - this.#first === this.#ring.length) this.#grow()
    this.#ring[this.#next++ & (this.#ring.length - 1)] = entry
    this.#bytes += this.#sizeOf(entry)
    while (this.#bytes > bytes && this.#next - this.#first > 1) this.#dropFirst()
  }

  /** Forgets the entries before a sequence number. */
  dropBefore(sequence: number): void {
    while (this.#first < sequence && this.#first < this.#next) this.#dropFirst()
  }

  /** Lets every waiting reader look again. */
  wake(): void {
    if (this.#waiting.size === 0) return
    const waiting = this.#waiting
    this.#waiting = new Set()
    for (const waiter of waiting) waiter.wake()
  }

  /** Nothing will be added any more: readers finish what there is and are then lost. */
  close(): void {
    this.#closed = true
    this.wake()
  }

  get closed(): boolean {
    return this.#closed
  }

  /** Wakes the waiter once, at the next `wake()`. */
  onWake(waiter: Waiter): void {
    this.#waiting.add(waiter)
  }

  offWake(waiter: Waiter): void {
    this.#waiting.delete(waiter)
  }

  #dropFirst(): void {
    this.#bytes -= this.#sizeOf(this.at(this.#first))
    this.#ring[this.#first++ & (this.#ring.length - 1)] = undefined
  }

  #grow(): void {
    const ring = new Array<Entry | undefined>(this.#ring.length * 2)
    for (let sequence = this.#first; sequence < this.#next; sequence++) {
      ring[sequence & (ring.length - 1)] = this.at(sequence)
    }
    this.#ring = ring
  }

  #sizeOf(entry: Entry): number {
    return this.#options.sizeOf?.(entry) ?? 0
  }
}

/** One reader's place on a tail. */
export class Cursor<Entry> implements Waiter {
  readonly #tail: Tail<Entry>
  #sequence: number
  #resume: (() => void) | undefined

  /** @param sequence of the first entry to read. Default: the next one to come. */
  constructor(tail: Tail<Entry>, sequence: number = tail.next) {
    this.#tail = tail
    this.#sequence = sequence
  }

  get sequence(): number {
    return this.#sequence
  }

  /** Whether this tail cannot serve the reader any more: the ring has moved past it, or is closed and read to its end. */
  get lost(): boolean {
    return this.#sequence < this.#tail.first || (this.#tail.closed && !this.hasNext)
  }

  get hasNext(): boolean {
    return this.#sequence < this.#tail.next
  }

  /** The next entry; only while `hasNext` and not `lost`. */
  take(): Entry {
    return this.#tail.at(this.#sequence++)
  }

  /** Resolves when there may be more: at the tail's next wake-up or this cursor's own. One wait at a time. */
  changed(): Promise<void> {
    return new Promise((resolve) => this.onChange(resolve))
  }

  /** Calls the listener when `changed()` would resolve. */
  onChange(listener: () => void): void {
    this.#resume = listener
    this.#tail.onWake(this)
  }

  /** Ends the wait that is under way, if any. */
  wake(): void {
    const resume = this.#resume
    this.close()
    resume?.()
  }

  /** Takes the wait that is under way off the tail; it is forgotten and never resolves. */
  close(): void {
    this.#tail.offWake(this)
    this.#resume = undefined
  }
}
