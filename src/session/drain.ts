import { sleep } from '../core/abort.ts'

export interface DrainOptions {
  /** How long calls that are under way may take to finish, in ms. Default 10,000. */
  readonly timeout?: number | undefined
}

/** What a handler has under way, and the way to its end without loss: calls finish, streams go on elsewhere. */
export class Drain {
  readonly #work = new Set<Promise<unknown>>()
  readonly #listeners = new Set<() => void>()
  #started = false

  get started(): boolean {
    return this.#started
  }

  /** Counts work as under way until it settles. */
  track<Value>(work: Promise<Value>): Promise<Value> {
    this.#work.add(work)
    const forget = (): void => {
      this.#work.delete(work)
    }
    work.then(forget, forget)
    return work
  }

  /** Calls the listener when draining starts, at once if it has; returns what takes the listener off again. */
  onStart(listener: () => void): () => void {
    if (this.#started) {
      listener()
      return () => {}
    }
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Resolves when nothing is under way any more, or the time is up. */
  async start({ timeout = 10_000 }: DrainOptions = {}): Promise<void> {
    this.#started = true
    for (const listener of this.#listeners) listener()
    this.#listeners.clear()
    const stop = new AbortController()
    const timeUp = sleep(timeout, stop.signal).catch(() => {})
    await Promise.race([timeUp, this.#settled()])
    stop.abort()
  }

  async #settled(): Promise<void> {
    while (this.#work.size > 0) await Promise.allSettled(this.#work)
  }
}
