interface PageLike {
  addEventListener(type: string, listener: () => void): void
  removeEventListener(type: string, listener: () => void): void
  readonly visibilityState?: string
}

/**
 * Calls `listener` when a page may find the world changed: the network is back, the tab visible or restored.
 * Timers do not run on time in hidden tabs and sleeping machines. Elsewhere than in a page it is never called.
 */
export function onPageWake(listener: () => void): () => void {
  const { window, document } = globalThis as { window?: PageLike; document?: PageLike }
  if (typeof window?.addEventListener !== 'function') return () => {}
  const onVisibility = (): void => {
    if (document?.visibilityState === 'visible') listener()
  }
  window.addEventListener('online', listener)
  window.addEventListener('pageshow', listener)
  document?.addEventListener('visibilitychange', onVisibility)
  return () => {
    window.removeEventListener('online', listener)
    window.removeEventListener('pageshow', listener)
    document?.removeEventListener('visibilitychange', onVisibility)
  }
}
