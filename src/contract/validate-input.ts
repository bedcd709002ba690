import { RPCError } from '../core/error.ts'
import { type Schema, type SchemaIssue, ValidationError, validate } from '../core/schema.ts'
import { isEventSource, mapEventIterator } from '../event/event-iterator.ts'

/**
 * What a schema makes of a procedure's input.
 *
 * @throws {RPCError} `BAD_REQUEST` with the schema's issues as data when the input does not fit; a stream fails with it.
 */
export async function validateInput(schema: Schema | undefined, input: unknown): Promise<unknown> {
  if (schema === undefined) return input
  const result = await validate(schema, input)
  if (result.issues !== undefined) throw invalidInput(new ValidationError('Input validation failed', result.issues))
  if (!isEventSource(result.value)) return result.value
  return mapEventIterator(result.value, {
    error: (error) => (error instanceof ValidationError ? invalidInput(error) : error),
  })
}

function invalidInput(cause: ValidationError): RPCError {
  return new RPCError('BAD_REQUEST', {
    message: 'Input validation failed',
    data: { issues: cause.issues.map(toData) },
    cause,
  })
}

/** Some libraries' issues are instances that hold on to much more than a client should get. */
function toData(issue: SchemaIssue): SchemaIssue {
  if (Object.getPrototypeOf(issue) === Object.prototype) return issue
  const path = issue.path?.map((part) => (typeof part === 'object' ? part.key : part))
  return { message: issue.message, ...(path === undefined ? {} : { path }) }
}
