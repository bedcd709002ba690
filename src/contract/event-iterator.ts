import {
  type InferInput,
  type InferOutput,
  type Schema,
  type SchemaIssue,
  type SchemaResult,
  type TypedSchema,
  ValidationError,
  validate,
} from '../core/schema.ts'
import { type EventIterator, type EventSource, isEventSource, mapEventIterator } from '../event/event-iterator.ts'
import { copyEventMeta } from '../event/event-meta.ts'
import { isPlainJSON, isShared, oncePerEvent, shareEvent } from '../event/shared-event.ts'

/** The schema of a stream, made by `eventIterator()`. */
export interface EventIteratorSchema<Value, ValueOut, Return, ReturnOut>
  extends TypedSchema<EventSource<Value, Return>, EventIterator<ValueOut, ReturnOut>> {
  /** The schemas of the events and of the value with which the stream ends. */
  readonly '~events': { readonly value: Schema; readonly done: Schema | undefined }
}

/**
 * The schema of a stream of events: each event is validated as it passes, and so is the value that ends the stream.
 *
 * Ids and other meta stay with their events. An event that does not fit fails the stream; none is skipped.
 *
 * @example
 * oc.output(eventIterator(z.object({ message: z.string() })))
 */
export function eventIterator<Value extends Schema, Return extends Schema = TypedSchema<unknown, unknown>>(
  value: Value,
  done?: Return,
): EventIteratorSchema<InferInput<Value>, InferOutput<Value>, InferInput<Return>, InferOutput<Return>> {
  const parseEvent = oncePerEvent((event) => shareParsed(event, parse(value, event, 'Event validation failed')))
  return {
    '~events': { value, done },
    '~standard': {
      version: 1,
      vendor: 'headwater',
      validate(input) {
        if (!isEventSource(input)) return { issues: [{ message: 'Expected an event iterator' }] }
        const mapped = mapEventIterator(input, {
          value: parseEvent,
          done: done && ((result) => parse(done, result, 'Validation of the value that ends the stream failed')),
        })
        return { value: mapped as EventIterator<InferOutput<Value>, InferOutput<Return>> }
      },
    },
  }
}

/** The schemas inside a stream's schema; `undefined` for any other schema. */
export function eventSchemas(
  schema: Schema | undefined,
): EventIteratorSchema<never, never, never, never>['~events'] | undefined {
  return (schema as Partial<EventIteratorSchema<never, never, never, never>> | undefined)?.['~events']
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
