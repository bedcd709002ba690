interface PageLike {
  addEventListener(type: string, listener: () => void, options: { readonly signal: AbortSignal }): void
  readonly visibilityState?: string
}

/**
 * Calls `listener` when a page may find the world changed: the network is back, the tab visible or restored.
 * Timers do not run on time in hidden tabs and sleeping machines. Elsewhere than in a page it is never called.
 */
export function onPageWake(listener: () => void): () => void {
  const { window, document } = globalThis as { window?: PageLike; document?: PageLike }
  if (typeof window?.addEventListener !== 'function') return () => {}
  const left = new AbortController()
  const { signal } = left
  window.addEventListener('online', listener, { signal })
  window.addEventListener('pageshow', listener, { signal })
  const onVisibility = (): void => {
    if (document?.visibilityState === 'visible') listener()
  }
  document?.addEventListener('visibilitychange', onVisibility, { signal })
  return () => left.abort()
}
