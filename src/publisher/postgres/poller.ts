import { isSamePlace, type Position } from '../position.ts'
import { pause } from './pause.ts'
import type { Watches } from './watches.ts'

export interface PollerOptions {
  /** In ms. */
  readonly interval: number
  readonly watches: Watches
  /** The newest places of channels, by their keys. */
  readonly positions: (keys: readonly string[]) => Promise<readonly (Position | undefined)[]>
  readonly signal: AbortSignal
}

/** Wakes by asking, once for all channels, where nobody can listen. A channel wakes once when it is first asked for. */
export async function poll({ interval, watches, positions, signal }: PollerOptions): Promise<void> {
  let known = new Map<string, Position | undefined>()
  while (!signal.aborted) {
    try {
      const keys = watches.keys
      const found = keys.length === 0 ? [] : await positions(keys)
      const before = known
      known = new Map(keys.map((key, index) => [key, found[index]]))
      for (const [key, position] of known) if (!isSame(before.get(key), position)) watches.wake(key)
    } catch {
      // The next one may succeed, and what is read meanwhile says what is the matter.
    }
    await pause(interval, signal)
  }
}

function isSame(one: Position | undefined, other: Position | undefined): boolean {
  return one !== undefined && other !== undefined && isSamePlace(one, other)
}
