import type { EventIterator } from '../event/event-iterator.ts'

/**
 * Calls `listener` with every event until what you get back is called. `onError` gets what the listener throws, and
 * what ends the events, unless that is the abort of their signal.
 */
export function listen<Event>(
  events: EventIterator<Event, void>,
  listener: (event: Event) => unknown,
  { signal, onError }: { readonly signal?: AbortSignal | undefined; readonly onError: (error: unknown) => void },
): () => void {
  let isOver = false
  const call = (event: Event): void => {
    try {
      const result = listener(event)
      if (result instanceof Promise) result.catch(onError)
    } catch (error) {
      onError(error)
    }
  }
  const run = async (): Promise<void> => {
    for (;;) {
      const { done, value } = await events.next()
      if (isOver || done) return
      call(value)
    }
  }
  run().catch((error: unknown) => {
    if (!isOver && !signal?.aborted) onError(error)
  })
  return () => {
    isOver = true
    void events.return()
  }
}
