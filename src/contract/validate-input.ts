import { RPCError } from '../core/error.ts'
import { type Schema, type SchemaIssue, type SchemaResult, ValidationError } from '../core/schema.ts'
import { isEventSource } from '../event/event-iterator.ts'
import { mapEventIterator } from '../event/map-event-iterator.ts'
import { validateWhole } from './validate-whole.ts'

/**
 * What a schema makes of a procedure's input; a promise of it only where the schema is asynchronous.
 *
 * @throws {RPCError} `BAD_REQUEST` with the schema's issues as data when the input does not fit; a stream fails with it.
 */
export function validateInput(schema: Schema | undefined, input: unknown): unknown {
  if (schema === undefined) return input
  const result = validateWhole(schema, input)
  return result instanceof Promise ? result.then(inputOf) : inputOf(result)
}

function inputOf(result: SchemaResult<unknown>): unknown {
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
