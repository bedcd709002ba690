import { eventGap } from '../event/event-gap-error.ts'
import { formatId, NO_TAG, type Position } from './position.ts'

/** What a log knows of a channel when it is asked for what comes after a place. */
export interface KnownPlaces {
  readonly head: Position
  /** The place before the oldest record; with the tag of the record that was there. */
  readonly trimmed: Position
  /** The tag of a record that is kept. */
  tagAt(offset: number): string | undefined
}

/**
 * Makes sure that a place is one of this history, or of its part that was trimmed.
 *
 * @throws {RPCError} `EVENT_GAP` with reason `'epoch'` otherwise.
 */
export function assertPlace({ head, trimmed, tagAt }: KnownPlaces, after: Position): void {
  if (after.epoch === head.epoch) {
    if (after.offset < trimmed.offset) return
    // Who resumes at the oldest place that a gap named does not know the tag of a record that is gone.
    if (after.offset === trimmed.offset && (after.tag === NO_TAG || after.tag === trimmed.tag)) return
    if (after.offset > trimmed.offset && after.offset <= head.offset && after.tag === tagAt(after.offset)) return
  }
  throw eventGap({
    reason: 'epoch',
    lastEventId: formatId(after),
    oldest: formatId({ ...trimmed, tag: NO_TAG }),
    head: formatId(head),
  })
}
