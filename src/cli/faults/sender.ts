import { sleep } from '../../core/abort.ts'
import type { OpenedLink } from '../open-link.ts'

/** What makes events while faults strike. */
export interface Sending {
  readonly path: readonly string[]
  /** JSON, in which `{n}` stands for the number of the call. */
  readonly input: string | undefined
  /** Calls per second. */
  readonly rate: number
}

/** Calls a procedure again and again until the signal aborts; resolves with how often it has answered. */
export async function sendEvents(
  link: OpenedLink,
  { path, input, rate }: Sending,
  signal: AbortSignal,
): Promise<number> {
  const startedAt = performance.now()
  for (let count = 0; ; count++) {
    try {
      await sleep(Math.max(0, startedAt + (count / rate) * 1000 - performance.now()), signal)
      const value: unknown = input === undefined ? undefined : JSON.parse(input.replaceAll('{n}', String(count)))
      await link.call(path, value, { signal })
    } catch (error) {
      if (signal.aborted) return count
      throw error
    }
  }
}
