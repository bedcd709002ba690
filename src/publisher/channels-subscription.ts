import { eventGap, isEventGap } from '../event/event-gap.ts'
import { attachEventMeta, getEventMeta } from '../event/event-meta.ts'
import { MergedEvents } from '../event/merge-events.ts'
import type { StreamPosition } from '../event/stream-position.ts'
import type { Subscription } from './subscription.ts'
import type { VectorIds } from './vector-id.ts'

/** An event of one of several channels. */
export type ChannelEvent<Events extends object, Channel extends keyof Events> = {
  readonly [Name in Channel]: { readonly channel: Name; readonly event: Events[Name] }
}[Channel]

export interface ChannelPart {
  readonly channel: string
  readonly subscription: Subscription<unknown>
  /** The id after which it was to begin, if any. */
  readonly begin: string | undefined
}

/**
 * One subscriber's way through several channels: each of them whole and in order, the channels among each other as they
 * come. The id of an event is a place in all of them.
 */
export class ChannelsSubscription<Event> extends MergedEvents<unknown, Event> {
  readonly #parts: readonly ChannelPart[]
  readonly #ids: VectorIds | undefined
  /** Resolves with the id of the place where it begins, if it has ids; rejects with what keeps it from beginning. */
  readonly ready: Promise<string>
  readonly '~position'?: StreamPosition
  #begun = false

  /** @param ids makes the ids; without it, events have none. */
  constructor(parts: readonly ChannelPart[], ids: VectorIds | undefined) {
    super(
      parts.map(({ subscription }) => subscription),
      (event, index) => this.#wrap(event, index),
    )
    this.#parts = parts
    this.#ids = ids
    this.ready = this.#begin()
    const known = this.ready.catch(() => {})
    if (ids === undefined) return
    this['~position'] = {
      ready: known,
      cursor: () => ids.format(this.cursors(true)),
      takeGap: () => parts.map(({ subscription }) => subscription['~position'].takeGap?.()).find(Boolean),
    }
  }

  protected override async pull(): Promise<IteratorResult<Event, void>> {
    // Before all of them are known, no place is one in all of them.
    if (!this.#begun) await this.ready
    return super.pull()
  }

  /** A gap of one channel names places in all of them to go on from. */
  protected override failureOf(error: unknown, index: number): unknown {
    if (!isEventGap(error) || this.#ids === undefined) return error
    const ids = this.#ids
    const places = this.cursors(true).map((cursor, part) => cursor ?? this.#parts[part]?.begin)
    const placeWith = (id: string | undefined): string | undefined => ids.format(places.with(index, id))
    const { reason, lastEventId, oldest, head } = error.data
    return eventGap({
      reason,
      lastEventId: placeWith(lastEventId) ?? lastEventId,
      oldest: placeWith(oldest),
      head: placeWith(head),
    })
  }

  async #begin(): Promise<string> {
    const begun = this.#parts.map(async ({ subscription }, index) => {
      try {
        return await subscription.ready
      } catch (error) {
        throw this.failureOf(error, index)
      }
    })
    const places = await Promise.all(begun)
    const id = this.#ids?.format(places)
    this.#ids?.assertFits(id)
    this.#begun = true
    return id ?? ''
  }

  #wrap(event: unknown, index: number): Event {
    // Its own id is left out: resumed after, it would be none of these.
    const { id: _, ...meta } = getEventMeta(event) ?? {}
    const id = this.#ids?.format(this.cursors(false))
    this.#ids?.assertFits(id)
    const value = Object.freeze({ channel: this.#parts[index]?.channel, event })
    return attachEventMeta(value, id === undefined ? meta : { ...meta, id }) as Event
  }
}
