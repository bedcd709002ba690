import { type ErrorCode, RPCError } from '../core/error.ts'
import type { InferInput, InferOutput, Schema } from '../core/schema.ts'

/** What a contract says about one of its errors. */
export interface ErrorDefinition {
  /** Default: that of a known code, else 500. */
  readonly status?: number | undefined
  readonly message?: string | undefined
  /** Validates the data on its way out. Without it the error carries none. */
  readonly data?: Schema | undefined
}

/** A contract's errors by their codes. */
export type ErrorMap = { readonly [Code in ErrorCode]?: ErrorDefinition }

type DataOf<Definition, Direction extends 'input' | 'output'> = Definition extends {
  readonly data: infer Data extends Schema
}
  ? Direction extends 'input'
    ? InferInput<Data>
    : InferOutput<Data>
  : undefined

/** The declared errors as a client sees them. By way of `infer`, or editors would show this name and not the errors. */
export type InferError<Errors extends ErrorMap> = [keyof Errors] extends [infer Codes extends keyof Errors & string]
  ? { [Code in Codes]: RPCError<Code, DataOf<Errors[Code], 'output'>> }[Codes]
  : never

export interface ErrorConstructorOptions<Data> {
  readonly message?: string | undefined
  readonly data: Data
  readonly cause?: unknown
}

/** Makes one of the declared errors; the status and the message come from the contract. */
export type ErrorConstructor<Code extends string, Data> = (
  ...options: undefined extends Data
    ? [options?: Partial<ErrorConstructorOptions<Data>>]
    : [options: ErrorConstructorOptions<Data>]
) => RPCError<Code, Data>

/** `errors` in a handler: what the contract declares, ready to be thrown. */
export type ErrorConstructors<Errors extends ErrorMap> = {
  readonly [Code in keyof Errors & string]: ErrorConstructor<Code, DataOf<Errors[Code], 'input'>>
}

export function createErrorConstructors<Errors extends ErrorMap>(errors: Errors): ErrorConstructors<Errors> {
  const constructors: Record<string, ErrorConstructor<string, unknown>> = Object.create(null)
  for (const [code, definition] of Object.entries(errors)) {
    constructors[code] = (options?: Partial<ErrorConstructorOptions<unknown>>) =>
      new RPCError(code, {
        defined: true,
        status: definition?.status,
        message: options?.message ?? definition?.message,
        data: options?.data,
        cause: options?.cause,
      })
  }
  return constructors as ErrorConstructors<Errors>
}
