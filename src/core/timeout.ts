import { onAbort } from './abort.ts'
import { RPCError } from './error.ts'

export interface TimeoutOptions {
  /** The longest wait, in ms. */
  readonly milliseconds: number
  /** What is waited for, to be named in the error: `'The log'`. */
  readonly subject: string
  /** Ends the wait with the signal's reason. */
  readonly signal?: AbortSignal | undefined
}

/**
 * The promise's outcome, or an `RPCError` with code `TIMEOUT` when it takes longer. What comes later is forgotten.
 * Owns and clears its timer.
 */
export function withTimeout<Value>(
  promise: Promise<Value>,
  { milliseconds, subject, signal }: TimeoutOptions,
): Promise<Value> {
  return new Promise((resolve, reject) => {
    const release = (): void => {
      clearTimeout(timer)
      offAbort()
    }
    const timer = setTimeout(() => {
      release()
      reject(new RPCError('TIMEOUT', { message: `${subject} did not answer within ${milliseconds} ms` }))
    }, milliseconds)
    const offAbort = onAbort(signal, () => {
      clearTimeout(timer)
      reject(signal?.reason)
    })
    promise.then(
      (value) => {
        release()
        resolve(value)
      },
      (error: unknown) => {
        release()
        reject(error)
      },
    )
  })
}
