import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react'

/** Closer to the end than this, in px, counts as being there. */
const NEAR = 48

interface StickToBottom {
  readonly ref: RefObject<HTMLDivElement | null>
  readonly isAtBottom: boolean
  readonly onScroll: () => void
  readonly scrollToBottom: () => void
}

/** Keeps a list at its end while the user is there, whatever is added to it and however its size changes. */
export function useStickToBottom(content: unknown): StickToBottom {
  const ref = useRef<HTMLDivElement>(null)
  const sticks = useRef(true)
  const [isAtBottom, setAtBottom] = useState(true)

  const scrollToBottom = useCallback(() => {
    if (ref.current) ref.current.scrollTop = ref.current.scrollHeight
  }, [])

  const onScroll = useCallback(() => {
    if (!ref.current) return
    const { scrollHeight, scrollTop, clientHeight } = ref.current
    sticks.current = scrollHeight - scrollTop - clientHeight < NEAR
    setAtBottom(sticks.current)
  }, [])

  // biome-ignore lint/correctness/useExhaustiveDependencies: new content is the reason to scroll.
  useLayoutEffect(() => {
    if (sticks.current) scrollToBottom()
  }, [content, scrollToBottom])

  // The composer grows, and a phone's keyboard takes half of the screen.
  useEffect(() => {
    const observer = new ResizeObserver(() => sticks.current && scrollToBottom())
    if (ref.current) observer.observe(ref.current)
    return () => observer.disconnect()
  }, [scrollToBottom])

  return { ref, isAtBottom, onScroll, scrollToBottom }
}
