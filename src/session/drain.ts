import { sleep } from '../core/abort.ts'

export interface DrainOptions {
  /** How long calls that are under way may take to finish, in ms. Default 10,000. */
  readonly timeout?: number | undefined
}

/** What a handler has under way, and the way to its end without loss: calls finish, streams go on elsewhere. */
export class Drain {
  /** How much is under way. */
  #underWay = 0
  readonly #waiting: (() => void)[] = []
  readonly #listeners = new Set<() => void>()
  #started = false

  get started(): boolean {
    return this.#started
  }

  /** Something is under way, until `end()` is called for it. */
  begin(): void {
    this.#underWay++
  }

  end(): void {
    this.#underWay--
    if (this.#underWay === 0 && this.#waiting.length > 0) for (const resolve of this.#waiting.splice(0)) resolve()
  }

  /** Calls the listener when draining starts; only before it has. */
  onStart(listener: () => void): void {
    this.#listeners.add(listener)
  }

  offStart(listener: () => void): void {
    this.#listeners.delete(listener)
  }

  /** Resolves when nothing is under way any more, or the time is up. */
  async start({ timeout = 10_000 }: DrainOptions = {}): Promise<void> {
    this.#started = true
    for (const listener of this.#listeners) listener()
    this.#listeners.clear()
    const stop = new AbortController()
    const timeUp = sleep(timeout, stop.signal).catch(() => {})
    await Promise.race([timeUp, this.#idle()])
    stop.abort()
  }

  #idle(): Promise<void> {
    return this.#underWay === 0 ? Promise.resolve() : new Promise((resolve) => this.#waiting.push(resolve))
  }
}
