import { useEffect, useSyncExternalStore } from 'react'
import type { EventStream } from '../model/event-stream.ts'

/**
 * Follows a stream for as long as the component lives and the page can be seen.
 *
 * Over HTTP/1.1 a browser opens six connections to a server, for all of its tabs together: hidden tabs give theirs
 * back, or a handful of open chats would leave none to send with. Seen again, the stream goes on where it was left.
 */
export function useEventStream<Event>(stream: EventStream<Event>): void {
  const isVisible = useSyncExternalStore(watchVisibility, () => document.visibilityState === 'visible')
  useEffect(() => {
    if (!isVisible) return
    const controller = new AbortController()
    void stream.follow(controller.signal)
    return () => controller.abort()
  }, [stream, isVisible])
}

function watchVisibility(listener: () => void): () => void {
  document.addEventListener('visibilitychange', listener)
  return () => document.removeEventListener('visibilitychange', listener)
}
