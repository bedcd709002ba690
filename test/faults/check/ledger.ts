import type { Entry, Listing, Publishing, Violation } from '../history.ts'

/** An id, taken apart by the checker itself: it must not trust the code that it checks. */
export interface Place {
  readonly epoch: string
  readonly offset: number
  readonly tag: string
}

export function parsePlace(id: string): Place | undefined {
  const [epoch, offset, tag, ...rest] = id.split(':')
  if (!epoch || !offset || !tag || rest.length > 0 || !/^\d+$/.test(offset)) return undefined
  return { epoch, offset: Number(offset), tag }
}

/** Who says that an event stands at a place. */
interface Claim {
  readonly event: string
  readonly id: string
  readonly at: number
}

/** What all witnesses together know: which event stands where, in each epoch of each channel. */
export class Ledger {
  readonly publishings: ReadonlyMap<string, readonly (Publishing & { readonly at: number })[]>
  readonly listings: ReadonlyMap<string, Listing & { readonly at: number }>
  readonly violations: Violation[] = []
  /** By channel and epoch, then by offset. */
  readonly #places = new Map<string, Map<number, Claim>>()
  readonly #sorted = new Map<string, number[]>()

  constructor(history: readonly Entry[]) {
    const publishings = new Map<string, (Publishing & { readonly at: number })[]>()
    const listings = new Map<string, Listing & { readonly at: number }>()
    for (const entry of history) {
      if (entry.type === 'publish') publishings.set(entry.event, [...(publishings.get(entry.event) ?? []), entry])
      if (entry.type === 'listed') listings.set(entry.channel, entry)
    }
    this.publishings = publishings
    this.listings = listings
    for (const entry of history) this.#hear(entry)
  }

  channelOf(event: string): string | undefined {
    return this.publishings.get(event)?.[0]?.channel
  }

  /** When it was published first. */
  publishedAt(event: string): number {
    return this.publishings.get(event)?.[0]?.at ?? 0
  }

  /** The known events of an epoch behind an offset, before another one. */
  between(channel: string, epoch: string, after: number, before: number): string[] {
    const key = `${channel} ${epoch}`
    const places = this.#places.get(key) ?? new Map<number, Claim>()
    const offsets = this.#offsetsOf(key)
    const events: string[] = []
    for (let index = firstBehind(offsets, after); index < offsets.length; index++) {
      const offset = offsets[index] as number
      if (offset >= before) break
      events.push((places.get(offset) as Claim).event)
    }
    return events
  }

  epochsOf(channel: string): string[] {
    return [...this.#places.keys()]
      .filter((key) => key.startsWith(`${channel} `))
      .map((key) => key.split(' ')[1] as string)
  }

  #offsetsOf(key: string): number[] {
    let sorted = this.#sorted.get(key)
    if (sorted === undefined) {
      sorted = [...(this.#places.get(key)?.keys() ?? [])].sort((a, b) => a - b)
      this.#sorted.set(key, sorted)
    }
    return sorted
  }

  #hear(entry: Entry): void {
    if (entry.type === 'acked' || entry.type === 'seen') this.#claim(entry.event, entry.id, entry.at)
    if (entry.type === 'listed') for (const { event, id } of entry.events) this.#claim(event, id, entry.at)
  }

  /** Two witnesses that name different events for one place: an id was given twice. */
  #claim(event: string, id: string | undefined, at: number): void {
    const place = id === undefined ? undefined : parsePlace(id)
    const channel = this.channelOf(event)
    if (id === undefined || place === undefined || channel === undefined) return
    const key = `${channel} ${place.epoch}`
    let places = this.#places.get(key)
    if (places === undefined) {
      places = new Map()
      this.#places.set(key, places)
    }
    const known = places.get(place.offset)
    if (known === undefined) places.set(place.offset, { event, id, at })
    else if (known.event !== event || !isSameId(known.id, id)) {
      const what = `${known.id} is ${known.event} for one and ${id} is ${event} for another`
      this.violations.push({ promise: 'S1', at, who: channel, what, events: [event] })
    }
  }
}

/** Of a place that is trimmed, a log may not know the tag any more when it is asked for it again. */
function isSameId(one: string, other: string): boolean {
  return one === other || [one, other].some((id) => id.endsWith(':-'))
}

/** The index of the first of sorted numbers that is greater. */
function firstBehind(numbers: readonly number[], number: number): number {
  let low = 0
  let high = numbers.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((numbers[middle] as number) <= number) low = middle + 1
    else high = middle
  }
  return low
}
