import { getEventMeta } from '../event/event-meta.ts'
import type { Positioned } from '../event/stream-position.ts'

/** A stream in the hands of who shows it. Those of links know by themselves where they would go on. */
export type OpenedStream<Event> = AsyncIterator<Event, unknown, void> &
  Positioned & {
    readonly lastEventId?: string | undefined
  }

/** Where a stream that is opened again goes on behind this event, which it has just handed out. */
export function placeBehind(stream: OpenedStream<unknown>, event: unknown): string | undefined {
  return getEventMeta(event)?.id ?? placeOf(stream)
}

/** Where a stream goes on from which everything that it has handed out was taken. */
export function placeOf(stream: OpenedStream<unknown>): string | undefined {
  return stream.lastEventId ?? stream['~position']?.cursor()
}
