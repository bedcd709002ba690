/**
 * A stream whose events can be taken where they lie, without a promise for each of them and each reader. Take from it or
 * call its `next()`, not both.
 */
export interface ReadySource<Value = unknown, Return = unknown> {
  /**
   * What `next()` would give, `undefined` while there is nothing. A promise where something has to be waited for before the
   * next one is taken. @throws what `next()` would reject with; then, and when it is done, call `return()`.
   */
  '~take'(): IteratorResult<Value, Return> | Promise<IteratorResult<Value, Return>> | undefined
  /** Calls the listener, once, when there may be something to take, or the stream was left. One wait at a time. */
  '~onReady'(listener: () => void): void
}

/** A stream that may be one of those. */
export interface MaybeReady {
  readonly '~ready'?: ReadySource | undefined
}
