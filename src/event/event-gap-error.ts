import { RPCError } from '../core/error.ts'
import type { EventGapData, EventGapReason } from './event-gap.ts'

const MESSAGES: Record<EventGapReason, string> = {
  trimmed: 'Events after this id have been trimmed by retention',
  epoch: 'This id belongs to a history that no longer exists',
  overflow: 'This subscriber was too slow and events were dropped',
}

/** History that was asked for and cannot be served. Final: the same id will not work again. */
export function eventGap(data: EventGapData): RPCError<'EVENT_GAP', EventGapData> {
  return new RPCError('EVENT_GAP', { message: MESSAGES[data.reason], data })
}
