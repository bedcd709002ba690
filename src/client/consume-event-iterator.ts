import { leaveStream } from '../event/leave-stream.ts'

/** How a stream ended: `[error, undefined, false]` or `[null, result, true]`. */
export type ConsumeResult<Return, Failure> =
  | readonly [error: Failure, result: undefined, isSuccess: false]
  | readonly [error: null, result: Return | undefined, isSuccess: true]

export interface ConsumeOptions<Value, Return, Failure = unknown> {
  readonly onEvent: (event: Value) => void
  /** The stream or the call that opens it has failed, or its signal was aborted. */
  readonly onError?: ((error: Failure) => void) | undefined
  /** The stream has ended with this value, or `undefined` when it was cancelled. */
  readonly onSuccess?: ((result: Return | undefined) => void) | undefined
  /** Called last, however it ended. */
  readonly onFinish?: ((result: ConsumeResult<Return, Failure>) => void) | undefined
}

/**
 * Feeds a stream to callbacks, for where a `for await` has no place, and returns what cancels it.
 *
 * Cancelling releases the stream; after it there is no `onEvent`, but one `onSuccess(undefined)`. An error goes to
 * `onError`; without that it rejects the promise that cancelling returns, and is never unhandled.
 *
 * @example
 * const cancel = consumeEventIterator(client.chat.stream({ roomId }), { onEvent: show, onError: report })
 */
export function consumeEventIterator<Value, Return, Failure = unknown>(
  iterator: AsyncIterator<Value, Return, void> | PromiseLike<AsyncIterator<Value, Return, void>>,
  options: ConsumeOptions<Value, Return, Failure>,
): () => Promise<void> {
  let cancelled = false
  let opened: AsyncIterator<Value, Return, void> | undefined
  let leave = (): void => {}
  const left = new Promise<undefined>((resolve) => {
    leave = () => resolve(undefined)
  })

  // Nobody waits for it: a source that is busy would keep its consumer, and what fails then is nobody's concern.
  const release = (): void => {
    if (opened !== undefined) leaveStream(opened)
  }

  const consume = async (): Promise<Return | undefined> => {
    opened = await iterator
    try {
      while (!cancelled) {
        const { done, value } = await opened.next()
        if (cancelled) break
        if (done) return value
        options.onEvent(value)
      }
    } catch (error) {
      // What onEvent throws ends the stream too.
      release()
      throw error
    }
    release()
    return undefined
  }

  const finish = async (): Promise<void> => {
    let result: ConsumeResult<Return, Failure>
    try {
      // One race for the whole stream, and none per event: a long-lived promise keeps a reaction of each race.
      result = [null, await Promise.race([consume(), left]), true]
    } catch (error) {
      result = [error as Failure, undefined, false]
    }
    const [error, value, isSuccess] = result
    if (isSuccess) options.onSuccess?.(value)
    else options.onError?.(error)
    options.onFinish?.(result)
    if (!isSuccess && options.onError === undefined) throw error
  }

  const finished = finish()
  // Whoever cancels gets to see the error; nobody else can be expected to look.
  finished.catch(() => {})

  return async () => {
    if (!cancelled) {
      cancelled = true
      leave()
      // Not open yet: nothing to release now, and consume() leaves the stream as soon as it is.
      release()
    }
    await finished
  }
}
