import type { PullIterator } from '../core/pull-iterator.ts'
import type { ReadySource } from '../event/ready-source.ts'

/** Events that can be taken where they lie, at once. */
type ReadyEvents<Event> = PullIterator<Event> & { '~take'(): IteratorResult<Event, void> | undefined } & Pick<
    ReadySource,
    '~onReady'
  >

/**
 * Calls `listener` with every event until what you get back is called. `onError` gets what the listener throws, and
 * what ends the events, unless that is the abort of their signal.
 */
export function listen<Event>(
  events: ReadyEvents<Event>,
  listener: (event: Event) => unknown,
  { signal, onError }: { readonly signal?: AbortSignal | undefined; readonly onError: (error: unknown) => void },
): () => void {
  let isOver = false
  const leave = (): void => {
    isOver = true
    void events.return()
  }
  const call = (event: Event): void => {
    try {
      const result = listener(event)
      if (result instanceof Promise) result.catch(onError)
    } catch (error) {
      onError(error)
    }
  }
  const takeAll = (): void => {
    try {
      while (!isOver) {
        const result = events['~take']()
        if (result === undefined) {
          events['~onReady'](later)
          break
        }
        if (result.done) leave()
        else call(result.value)
      }
    } catch (error) {
      if (!isOver && !signal?.aborted) onError(error)
      leave()
    }
  }
  // Whoever publishes is not to find itself in a listener before its publish has returned.
  const later = (): void => queueMicrotask(takeAll)
  later()
  return leave
}
