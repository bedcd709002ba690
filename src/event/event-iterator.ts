import type { MaybeReady } from './ready-source.ts'
import type { Positioned } from './stream-position.ts'

/** A stream of events in the hands of its consumer. Leaving the loop releases all that it holds. */
export interface EventIterator<Value, Return = unknown> extends AsyncGenerator<Value, Return, void> {
  /** Leaves the stream. A pending `next()` is answered at once. */
  return(value?: Return | PromiseLike<Return>): Promise<IteratorResult<Value, Return>>
}

/** A stream of events as a producer may give it: an async generator, a subscription, anything that iterates so. */
export type EventSource<Value = unknown, Return = unknown> = AsyncIteratorObject<Value, Return, unknown> &
  Positioned &
  MaybeReady

export function isEventSource(value: unknown): value is EventSource {
  if (typeof value !== 'object' || value === null) return false
  const { next, [Symbol.asyncIterator]: iterate } = value as Partial<EventSource>
  return typeof next === 'function' && typeof iterate === 'function'
}
