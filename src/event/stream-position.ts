import type { EventGapData } from './event-gap.ts'

/**
 * How far a stream has come, for iterators that know: subscriptions of a publisher and the library's own operators.
 * It lets a session announce a place to resume from before, between and without events.
 */
export interface StreamPosition {
  /** Resolves once `cursor()` has an answer. Never rejects. */
  readonly ready: Promise<unknown>
  /** The id up to which this iterator has handed out everything that it is going to; `undefined` while unknown. */
  cursor(): string | undefined
  /** The gap that this iterator has passed over since it was last asked: what follows has a hole before it. */
  takeGap?(): EventGapData | undefined
}

/** An iterator that may know its position. */
export interface Positioned {
  readonly '~position'?: StreamPosition
}
