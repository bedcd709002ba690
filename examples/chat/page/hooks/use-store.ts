import { useSyncExternalStore } from 'react'

/** The state of a store, now and after each change. */
export function useStore<State>(store: { readonly state: State; subscribe(listener: () => void): () => void }): State {
  return useSyncExternalStore(store.subscribe, () => store.state)
}
