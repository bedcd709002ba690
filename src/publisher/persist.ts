import { sleep } from '../core/abort.ts'
import { backoffDelay } from '../core/backoff.ts'
import { withTimeout } from '../core/timeout.ts'
import { isEventGap } from '../event/event-gap.ts'

export interface PersistOptions {
  /** Gives up with the signal's reason. */
  readonly signal: AbortSignal
  /** The longest that one attempt may take, in ms: a log that swallows a question is asked again. */
  readonly timeout: number
  /** Is told of each failure. */
  readonly onError: (error: unknown) => void
}

export const RETRY_BACKOFF = { initialDelay: 50, maxDelay: 1000 } as const

/** Asks a log until it answers or the signal aborts. A gap is an answer, thrown as such. */
export async function persist<Result>(
  attempt: () => Promise<Result>,
  { signal, timeout, onError }: PersistOptions,
): Promise<Result> {
  for (let retry = 1; ; retry++) {
    signal.throwIfAborted()
    try {
      return await withTimeout(attempt(), { milliseconds: timeout, subject: 'The log', signal })
    } catch (error) {
      signal.throwIfAborted()
      if (isEventGap(error)) throw error
      onError(error)
      await sleep(backoffDelay(retry, RETRY_BACKOFF), signal)
    }
  }
}
