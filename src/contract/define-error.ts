import { RPCError } from '../core/error.ts'
import { validate } from '../core/schema.ts'
import type { ErrorMap } from './error-map.ts'

/**
 * The error as the contract sees it: `defined` if it declares the code with this status, and the data fit its schema.
 *
 * An error that another procedure's contract declares is not this one's.
 */
export async function defineError(errors: ErrorMap, error: unknown): Promise<unknown> {
  if (!(error instanceof RPCError)) return error
  const definition = Object.hasOwn(errors, error.code) ? errors[error.code] : undefined
  const status = definition?.status ?? new RPCError(error.code).status
  if (definition === undefined || status !== error.status) return withDefined(error, false, error.data)
  if (definition.data === undefined) return withDefined(error, true, error.data)
  const result = await validate(definition.data, error.data)
  return result.issues === undefined ? withDefined(error, true, result.value) : withDefined(error, false, error.data)
}

function withDefined(error: RPCError, defined: boolean, data: unknown): RPCError {
  if (error.defined === defined && error.data === data) return error
  const { code, status, message, cause } = error
  const copy = new RPCError(code, { status, message, data, cause, defined })
  // It was thrown where the first one was.
  if (error.stack !== undefined) copy.stack = error.stack
  return copy
}
