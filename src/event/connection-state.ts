/** Where a connection or a stream stands, as a client sees it. */
export type ConnectionState =
  | { readonly status: 'connecting' }
  | { readonly status: 'open' }
  /** Cut; retry number `retry` follows after `delay` ms, sooner when the page wakes up or the network comes back. */
  | { readonly status: 'waiting'; readonly retry: number; readonly delay: number }
  /** Nothing is connected. `error` says why, unless it ended as it should. */
  | { readonly status: 'closed'; readonly error?: unknown }

/** A state that can be read at any time and watched. */
export interface ConnectionStore {
  /** The state now. The same object until it changes. */
  readonly state: ConnectionState
  /** Calls `listener` at each change; returns what takes it off again. */
  subscribe(listener: () => void): () => void
}

/** The most telling first: a stream that waits is what a user wants to know of. */
const PRECEDENCE: readonly ConnectionState['status'][] = ['waiting', 'connecting', 'open']

/** What several streams of one link amount to: `waiting` before `connecting` before `open`; `closed` without any. */
export class ConnectionSummary implements ConnectionStore {
  readonly #states = new Map<object, ConnectionState>()
  readonly #listeners = new Set<() => void>()
  #state: ConnectionState = { status: 'closed' }

  get state(): ConnectionState {
    return this.#state
  }

  // Bound, so that it can be handed to a UI library as it is.
  readonly subscribe = (listener: () => void): (() => void) => {
    const entry = (): void => listener()
    this.#listeners.add(entry)
    return () => this.#listeners.delete(entry)
  }

  /** Takes the state of one stream into account; a closed one is forgotten. */
  report(stream: object, state: ConnectionState): void {
    if (state.status === 'closed') this.#states.delete(stream)
    else this.#states.set(stream, state)
    const next = this.#summarise(state)
    if (next === this.#state) return
    this.#state = next
    for (const listener of [...this.#listeners]) listener()
  }

  #summarise(latest: ConnectionState): ConnectionState {
    for (const status of PRECEDENCE) {
      // The current object is kept while it still holds, so that readers can compare by identity.
      const matching = [...this.#states.values()].filter((state) => state.status === status)
      if (matching.length > 0)
        return matching.find((state) => state === this.#state) ?? (matching[0] as ConnectionState)
    }
    return latest
  }
}
