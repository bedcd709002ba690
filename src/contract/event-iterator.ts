import type { InferInput, InferOutput, Schema, TypedSchema } from '../core/schema.ts'
import { type EventIterator, type EventSource, isEventSource } from '../event/event-iterator.ts'

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
  return {
    '~events': { value, done },
    '~standard': {
      version: 1,
      vendor: 'headwater',
      // Of the stream itself. `validateWhole` looks at what comes out of it: contracts alone need not carry that.
      validate: (input) =>
        isEventSource(input)
          ? { value: input as EventIterator<InferOutput<Value>, InferOutput<Return>> }
          : { issues: [{ message: 'Expected an event iterator' }] },
    },
  }
}

/** The schemas inside a stream's schema; `undefined` for any other schema. */
export function eventSchemas(
  schema: Schema | undefined,
): EventIteratorSchema<never, never, never, never>['~events'] | undefined {
  return (schema as Partial<EventIteratorSchema<never, never, never, never>> | undefined)?.['~events']
}
