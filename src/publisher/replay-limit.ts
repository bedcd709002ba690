import type { EventGapData } from '../event/event-gap.ts'
import { eventGap } from '../event/event-gap-error.ts'
import { formatId, type Position, parseId } from './position.ts'

/** How far back a subscriber may go: what was appended before a place is to it as if it had been trimmed. */
export class ReplayLimit {
  readonly #notBefore: Position

  /** @throws {TypeError} for what is no id of a publisher. */
  constructor(notBefore: string) {
    const place = parseId(notBefore)
    if (place === undefined) throw new TypeError(`notBefore is no id of this publisher: ${JSON.stringify(notBefore)}`)
    this.#notBefore = place
  }

  /** The place in the history that ends at a head; in another one than its own nothing may be replayed. */
  floorIn(head: Position): Position {
    const { epoch, offset } = this.#notBefore
    return epoch === head.epoch && offset <= head.offset ? this.#notBefore : head
  }

  /** What was appended behind a place that is not allowed, as a gap; `undefined` for one that is. */
  gapAfter(place: Position, head: Position): Error | undefined {
    const floor = this.floorIn(head)
    if (place.epoch !== floor.epoch || place.offset >= floor.offset) return undefined
    const gap = {
      reason: 'trimmed',
      lastEventId: formatId(place),
      oldest: formatId(floor),
      head: formatId(head),
    } as const
    return eventGap(gap)
  }

  /** A gap that names no place before the limit. */
  narrow(gap: EventGapData): EventGapData {
    const [oldest, head] = [gap.oldest, gap.head].map((id) => (id === undefined ? undefined : parseId(id)))
    if (head === undefined) return { ...gap, oldest: undefined }
    const floor = this.floorIn(head)
    const isAllowed = oldest?.epoch === floor.epoch && oldest.offset >= floor.offset
    return isAllowed ? gap : { ...gap, oldest: formatId(floor) }
  }
}
