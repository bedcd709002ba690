import type { EventIterator, EventSource } from './event-iterator.ts'
import { attachEventMeta, getEventMeta } from './event-meta.ts'
import { HeldEvents } from './held-events.ts'

/** The last of the events held: all the others have been superseded. */
const newest = <Value>(held: readonly Value[]): Value => held[held.length - 1] as Value

/**
 * At most one event in `milliseconds`: the first at once, then the newest of those that came meanwhile.
 *
 * @example
 * return throttleEvents(publisher.subscribe('cursor:7', { signal, lastEventId }), 50)
 */
export function throttleEvents<Value, Return = unknown>(
  source: EventSource<Value, Return>,
  milliseconds: number,
): EventIterator<Value, Return> {
  let next = Number.NEGATIVE_INFINITY
  return new HeldEvents(source, {
    hold: (_, event) => [event],
    wait: () => next - performance.now(),
    output: (held) => {
      next = performance.now() + milliseconds
      return newest(held)
    },
  })
}

/** The newest event, as soon as none has followed it for `milliseconds`. */
export function debounceEvents<Value, Return = unknown>(
  source: EventSource<Value, Return>,
  milliseconds: number,
): EventIterator<Value, Return> {
  return new HeldEvents(source, { hold: (_, event) => [event], wait: () => milliseconds, output: newest })
}

export interface BatchOptions {
  /** The most events in a batch. Default 100. */
  readonly size?: number | undefined
  /** How long the first event of a batch may wait for others, in ms. Default 0: for those that are there already. */
  readonly within?: number | undefined
}

/**
 * The events in arrays, as many as have come. The id of an array is that of its last event.
 *
 * @example
 * for await (const rows of batchEvents(stream, { size: 500, within: 1000 })) await insert(rows)
 */
export function batchEvents<Value, Return = unknown>(
  source: EventSource<Value, Return>,
  { size = 100, within = 0 }: BatchOptions = {},
): EventIterator<readonly Value[], Return> {
  if (!(size >= 1)) throw new RangeError(`The size of a batch must be at least 1, got ${size}`)
  let since = 0
  return new HeldEvents(source, {
    hold: (held, event) => {
      if (held.length === 0) since = performance.now()
      held.push(event)
      return held
    },
    isFull: (held) => held.length >= size,
    // At least once around the event loop: what is there already comes without a timer.
    wait: () => since + Math.max(1, within) - performance.now(),
    output: (held): readonly Value[] => {
      const { id } = getEventMeta(newest(held)) ?? {}
      return id === undefined ? held : attachEventMeta(held, { id })
    },
  })
}
