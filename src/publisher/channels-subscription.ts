import { type EventGapData, isEventGap } from '../event/event-gap.ts'
import { eventGap } from '../event/event-gap-error.ts'
import { attachEventMeta, getEventMeta } from '../event/event-meta.ts'
import { MergedEvents } from '../event/merge-events.ts'
import type { PassedGap, StreamPosition } from '../event/stream-position.ts'
import type { Subscription } from './subscription.ts'
import type { VectorIds } from './vector-id.ts'

/** An event of one of several channels. */
export type ChannelEvent<Events extends object, Channel extends keyof Events> = {
  readonly [Name in Channel]: { readonly channel: Name; readonly event: Events[Name] }
}[Channel]

export interface ChannelPart {
  readonly channel: string
  /** @param gapOf the whole's view of a gap of this channel. */
  subscribe(gapOf: (gap: EventGapData) => EventGapData): Subscription<unknown>
  /** The id after which it was to begin, if any. */
  readonly begin: string | undefined
}

/**
 * One subscriber's way through several channels: each of them whole and in order, the channels among each other as they
 * come. The id of an event is a place in all of them.
 */
export class ChannelsSubscription<Event> extends MergedEvents<unknown, Event> {
  readonly #parts: readonly ChannelPart[]
  readonly #subscriptions: readonly Subscription<unknown>[]
  readonly #ids: VectorIds | undefined
  readonly #foreign: string | undefined
  /** Resolves with the id of the place where it begins, if it has ids; rejects with what keeps it from beginning. */
  readonly ready: Promise<string>
  readonly '~position': StreamPosition
  #begun = false

  /**
   * @param ids makes the ids; without it, events have none.
   * @param foreign an id to begin after that is a place in other channels.
   */
  constructor(parts: readonly ChannelPart[], ids: VectorIds | undefined, foreign?: string) {
    const subscriptions = parts.map((part, index) => part.subscribe((gap) => this.#gapData(gap, index)))
    super(subscriptions, (event, index) => this.#wrap(event, index))
    this.#subscriptions = subscriptions
    this.#parts = parts
    this.#ids = ids
    this.#foreign = foreign
    this.ready = this.#begin()
    const known = this.ready.catch(() => {})
    this['~position'] = {
      ready: known,
      cursor: () => ids?.format(this.cursors(true)),
      takeGap: () => this.takeGap(),
      assertOpen: () => this.assertOpen(),
    }
  }

  protected override async pull(): Promise<IteratorResult<Event, void>> {
    // Before all of them are known, no place is one in all of them.
    if (!this.#begun) await this.ready
    return super.pull()
  }

  /** A gap of one channel names places in all of them to go on from. */
  protected override failureOf(error: unknown, index: number): unknown {
    return isEventGap(error) ? eventGap(this.#gapData(error.data, index)) : error
  }

  protected override gapOf({ gap, after }: PassedGap, index: number, isQuiet: boolean): PassedGap {
    return { gap: this.#gapData(gap, index, isQuiet), after: this.#placeWith(after, index, isQuiet) }
  }

  /** A gap of one channel, with places in all of them. */
  #gapData({ reason, lastEventId, oldest, head }: EventGapData, index: number, isQuiet = true): EventGapData {
    const channel = this.#parts[index]?.channel
    if (this.#ids === undefined) return { reason, channel }
    return {
      reason,
      channel,
      lastEventId: lastEventId === this.#foreign ? lastEventId : this.#placeWith(lastEventId, index, isQuiet),
      oldest: this.#placeWith(oldest, index, isQuiet),
      head: this.#placeWith(head, index, isQuiet),
    }
  }

  #placeWith(id: string | undefined, index: number, isQuiet: boolean): string | undefined {
    const places = this.cursors(isQuiet).map((cursor, part) => cursor ?? this.#parts[part]?.begin)
    return this.#ids?.format(places.with(index, id))
  }

  async #begin(): Promise<string> {
    const begun = this.#subscriptions.map(async (subscription, index) => {
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
