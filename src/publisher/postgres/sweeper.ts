import { toArray } from './channel-key.ts'
import type { RunQuery } from './clients.ts'
import { pause } from './pause.ts'
import type { Statements } from './statements.ts'

export interface SweeperOptions {
  readonly query: RunQuery
  readonly statements: Statements
  /** In seconds. */
  readonly interval: number
  readonly forgetSeconds: number
  /** The keys of the channels that are watched: they are not forgotten. */
  readonly watched: () => readonly string[]
  readonly signal: AbortSignal
}

/** Trims and forgets. All processes do it, and take turns. */
export class Sweeper {
  readonly #options: SweeperOptions

  constructor(options: SweeperOptions) {
    this.#options = options
  }

  async sweep(): Promise<void> {
    const { statements, forgetSeconds } = this.#options
    await this.#touch()
    await this.#repeat(statements.trim, [])
    await this.#repeat(statements.deleteKeys, [])
    await this.#repeat(statements.forget, [forgetSeconds])
  }

  /** Sweeps until the signal aborts, unless another process has done so lately. */
  async sweepOnceInAWhile(): Promise<void> {
    const { query, statements, interval, signal } = this.#options
    while (!signal.aborted) {
      // Not all processes at the same moment.
      await pause(interval * (500 + Math.random() * 500), signal)
      if (signal.aborted) return
      try {
        const [turn] = await query(statements.turn, [interval / 2])
        if (turn === undefined) await this.#touch()
        else await this.sweep()
      } catch {
        // The next one goes on where this one was, and what is appended meanwhile says what is the matter.
      }
    }
  }

  async #touch(): Promise<void> {
    const { query, statements, forgetSeconds, watched } = this.#options
    const keys = watched()
    if (keys.length > 0) await query(statements.touch, [toArray(keys), forgetSeconds / 4])
  }

  async #repeat(statement: string, values: readonly unknown[]): Promise<void> {
    const { query, signal } = this.#options
    for (;;) {
      signal.throwIfAborted()
      const done = await query(statement, values)
      if (done.length === 0) return
    }
  }
}
