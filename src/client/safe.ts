import type { Call } from '../contract/procedure-client.ts'
import { RPCError } from '../core/error.ts'

/** A call's end as a value: read it by position or by name. */
export type SafeResult<Output, Failure> =
  | (readonly [error: null, data: Output, isDefined: false, isSuccess: true] & {
      readonly error: null
      readonly data: Output
      readonly isDefined: false
      readonly isSuccess: true
    })
  | (readonly [error: Failure, data: undefined, isDefined: true, isSuccess: false] & {
      readonly error: Failure
      readonly data: undefined
      readonly isDefined: true
      readonly isSuccess: false
    })
  | (readonly [error: Error, data: undefined, isDefined: false, isSuccess: false] & {
      readonly error: Error
      readonly data: undefined
      readonly isDefined: false
      readonly isSuccess: false
    })

/**
 * Waits for a call and never throws: errors come back as values, the declared ones with their types.
 *
 * @example
 * const { error, data, isDefined } = await safe(client.room.join({ roomId }))
 * if (isDefined) console.log(error.code)
 */
export async function safe<Output, Failure = never>(
  call: Call<Output, Failure> | Promise<Output>,
): Promise<SafeResult<Output, Failure>> {
  try {
    const data = await call
    return toResult([null, data, false, true])
  } catch (error) {
    // A signal may be aborted with any reason, an error is what the types promise.
    const failure = error instanceof Error ? error : new Error(String(error), { cause: error })
    return toResult([failure, undefined, isDefinedError(failure), false])
  }
}

/** Whether the procedure's contract declares this error, so that its code and data can be relied on. */
export function isDefinedError<Failure>(
  error: Failure,
): error is unknown extends Failure ? Failure & RPCError : Extract<Failure, RPCError> {
  return error instanceof RPCError && error.defined
}

function toResult(tuple: readonly [unknown, unknown, boolean, boolean]): never {
  const [error, data, isDefined, isSuccess] = tuple
  return Object.assign([...tuple], { error, data, isDefined, isSuccess }) as never
}
