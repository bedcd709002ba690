/**
 * Anything that follows Standard Schema v1 (https://standardschema.dev): zod, valibot, arktype, …
 *
 * Weak on purpose: naming the shape of `~standard` here would make the compiler walk it for every schema of a contract.
 */
export interface Schema {
  readonly '~standard': unknown
}

/** A schema of known input and output, such as `type<Input, Output>()`. */
export interface TypedSchema<Input, Output> extends Schema {
  readonly '~standard': StandardProps<Input, Output>
}

interface StandardProps<Input, Output> {
  readonly version: 1
  readonly vendor: string
  readonly types?: { readonly input: Input; readonly output: Output } | undefined
  readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>
}

interface SchemaTypes {
  readonly '~standard': { readonly types?: { readonly input: unknown; readonly output: unknown } | undefined }
}

/** zod also keeps its types here, where reading them costs the compiler a third less. */
interface ZodTypes {
  readonly _zod: any
}

/** What a schema accepts. */
export type InferInput<S extends Schema> = S extends ZodTypes
  ? S['_zod']['input']
  : S extends SchemaTypes
    ? NonNullable<S['~standard']['types']>['input']
    : unknown

/** What a schema gives. */
export type InferOutput<S extends Schema> = S extends ZodTypes
  ? S['_zod']['output']
  : S extends SchemaTypes
    ? NonNullable<S['~standard']['types']>['output']
    : unknown

/** One thing that is wrong with a value. */
export interface SchemaIssue {
  readonly message: string
  readonly path?: ReadonlyArray<PropertyKey | { readonly key: PropertyKey }> | undefined
}

export type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] }

/** Runs a schema; a promise only where the schema itself is asynchronous. */
export function validate(schema: Schema, value: unknown): SchemaResult<unknown> | Promise<SchemaResult<unknown>> {
  return (schema['~standard'] as StandardProps<unknown, unknown>).validate(value)
}

/**
 * A schema that checks nothing: it tells the compiler what a value is.
 *
 * @param map turns the input into the output; what it throws becomes the caller's error.
 * @example
 * oc.input(type<{ roomId: string }>())
 */
export function type<Input, Output = Input>(
  ...[map]: [Input] extends [Output]
    ? [map?: (input: Input) => Output | Promise<Output>]
    : [map: (input: Input) => Output | Promise<Output>]
): TypedSchema<Input, Output> {
  return {
    '~standard': {
      version: 1,
      vendor: 'headwater',
      validate(value) {
        if (map === undefined) return { value: value as Output }
        const output = map(value as Input)
        return output instanceof Promise ? output.then((value) => ({ value })) : { value: output }
      },
    },
  }
}

/** A value that its schema refuses, with what is wrong with it. */
export class ValidationError extends Error {
  readonly issues: readonly SchemaIssue[]

  constructor(message: string, issues: readonly SchemaIssue[]) {
    super(message)
    this.name = 'ValidationError'
    this.issues = issues
  }
}
