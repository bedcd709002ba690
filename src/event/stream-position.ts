import type { EventGapData } from './event-gap.ts'

/** A gap that a stream has gone on over. */
export interface PassedGap {
  readonly gap: EventGapData
  /** The stream goes on behind this id; `undefined` where that is no place to resume from. */
  readonly after: string | undefined
}

/**
 * How far a stream has come, for iterators that know: subscriptions of a publisher and the library's own operators.
 * It lets a session announce a place to resume from before, between and without events.
 */
export interface StreamPosition {
  /** Resolves once `cursor()` has an answer. Never rejects. */
  readonly ready: Promise<unknown>
  /** The id up to which this iterator has handed out everything that it is going to; `undefined` while unknown. */
  cursor(): string | undefined
  /**
   * The next gap that this iterator has gone on over and nobody has asked for yet. It lies before the event that was
   * handed out last, or, while one is waited for, behind it.
   */
  takeGap?(): PassedGap | undefined
  /** @throws when what was handed out last must not be passed on any more: rights have ended since. */
  assertOpen?(): void
}

/** An iterator that may know its position. */
export interface Positioned {
  readonly '~position'?: StreamPosition
}

/** The position of a stream made out of another one, with what is different there. */
export function derivePosition(position: StreamPosition, own: Partial<StreamPosition>): StreamPosition {
  return {
    ready: position.ready,
    cursor: () => position.cursor(),
    takeGap: () => position.takeGap?.(),
    assertOpen: () => position.assertOpen?.(),
    ...own,
  }
}
