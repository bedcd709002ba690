/** A state that components watch, of the same shape as the link's `connection`. */
export class Store<State> {
  readonly #listeners = new Set<() => void>()
  #state: State

  constructor(initial: State) {
    this.#state = initial
  }

  get state(): State {
    return this.#state
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  set(state: State): void {
    this.#state = state
    for (const listener of this.#listeners) listener()
  }
}
