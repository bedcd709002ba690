import { RPCError } from '../core/error.ts'

/**
 * Why the events after an id can no longer be served: `trimmed` by retention, of another `epoch` (the history was lost
 * or rewritten), or lost to `overflow` because this subscriber was too slow and there is no log to catch up from.
 */
export type EventGapReason = 'trimmed' | 'epoch' | 'overflow'

export interface EventGapData {
  readonly reason: EventGapReason
  /** The id from which the stream could not go on. */
  readonly lastEventId?: string | undefined
  /** After this id the history is whole: resume here to get all that is left. */
  readonly oldest?: string | undefined
  /** The newest id: resume here to get only what is still to come. */
  readonly head?: string | undefined
  /** Which of several channels has the gap; the ids are then places in all of them. */
  readonly channel?: string | undefined
}

/** What happens where history is missing: the stream fails, or goes on with the oldest event left or with new ones. */
export type GapPolicy = 'fail' | 'oldest' | 'now'

const REASONS: readonly unknown[] = ['trimmed', 'epoch', 'overflow'] satisfies EventGapReason[]

/** Whether a stream has failed because history is missing; its `data` says which, and where to go on. */
export function isEventGap(error: unknown): error is RPCError<'EVENT_GAP', EventGapData> {
  return error instanceof RPCError && error.code === 'EVENT_GAP' && isEventGapData(error.data)
}

export function isEventGapData(data: unknown): data is EventGapData {
  return REASONS.includes((data as EventGapData | undefined | null)?.reason)
}
