import { type Schema, type SchemaIssue, type SchemaResult, ValidationError, validate } from '../core/schema.ts'
import { isEventSource } from '../event/event-iterator.ts'
import { copyEventMeta } from '../event/event-meta.ts'
import { type EventMapper, mapEventIterator } from '../event/map-event-iterator.ts'
import { isPlainJSON, isShared, oncePerEvent, shareEvent } from '../event/shared-event.ts'
import { eventSchemas } from './event-iterator.ts'

/** What a schema makes of a value; of a stream, what its schemas make of each event as it passes, and of its end. */
export function validateWhole(schema: Schema, value: unknown): SchemaResult<unknown> | Promise<SchemaResult<unknown>> {
  const isStream = eventSchemas(schema) !== undefined && isEventSource(value)
  return isStream ? { value: mapEventIterator(value, validatorOf(schema)) } : validate(schema, value)
}

const validators = new WeakMap<Schema, EventMapper>()

/** One for all streams of a schema: an event that they share is validated once. */
function validatorOf(schema: Schema): EventMapper {
  const known = validators.get(schema)
  if (known !== undefined) return known
  const { value, done } = eventSchemas(schema) ?? { value: schema, done: undefined }
  const validator: EventMapper = {
    value: oncePerEvent((event) => shareParsed(event, parse(value, event, 'Event validation failed'))),
    done: done && ((result) => parse(done, result, 'Validation of the value that ends the stream failed')),
  }
  validators.set(schema, validator)
  return validator
}

/** What an event that many streams share has become is shared by them, too. */
function shareParsed(event: unknown, parsed: unknown): unknown {
  const isOwn = parsed === event || parsed instanceof Promise || !isShared(event) || !isPlainJSON(parsed)
  return isOwn ? parsed : shareEvent(copyEventMeta(event, parsed))
}

/** A promise only where the schema is asynchronous. */
function parse(schema: Schema, value: unknown, failure: string): unknown {
  const result = validate(schema, value)
  return result instanceof Promise ? result.then(outputOf) : outputOf(result)

  function outputOf(result: SchemaResult<unknown>): unknown {
    if (result.issues !== undefined) throw new ValidationError(describe(failure, result.issues), result.issues)
    return result.value
  }
}

function describe(failure: string, issues: readonly SchemaIssue[]): string {
  const [issue] = issues
  if (issue === undefined) return failure
  const path = issue.path?.map((part) => String(typeof part === 'object' ? part.key : part)).join('.')
  return `${failure}: ${issue.message}${path ? ` at ${path}` : ''}`
}
