import { eventSchemas } from '../contract/event-iterator.ts'
import type { Schema } from '../core/schema.ts'
import { isEventSource } from '../event/event-iterator.ts'
import { mapEventIterator } from '../event/map-event-iterator.ts'
import type { HandlerPlugin, InputMap } from '../session/serve-request.ts'
import { coerce } from './coerce.ts'
import { type JSONSchema, type SchemaConverter, toJSONSchema } from './json-schema.ts'

export interface SmartCoercionPluginOptions {
  /** Describe schemas that do not describe themselves. */
  readonly schemaConverters?: readonly SchemaConverter[] | undefined
}

/**
 * Makes inputs what their schemas ask for: queries, forms and paths are text, and JSON has no dates. `z.number()` takes
 * `?page=2`, `z.array(…)` one value, `z.date()` ISO 8601; booleans, bigints, Sets, Maps, URLs, literals and unions likewise.
 */
export class SmartCoercionPlugin implements HandlerPlugin {
  readonly #converters: readonly SchemaConverter[]
  readonly #schemas = new WeakMap<Schema, JSONSchema>()

  constructor({ schemaConverters = [] }: SmartCoercionPluginOptions = {}) {
    this.#converters = schemaConverters
  }

  readonly mapInput: InputMap = (input, { procedure }) => {
    const { input: schema } = procedure['~headwater']
    if (schema === undefined) return input
    const events = eventSchemas(schema)
    if (events === undefined || !isEventSource(input)) return coerce(this.#describe(schema), input)
    const { value, done } = events
    return mapEventIterator(input, {
      value: (event) => coerce(this.#describe(value), event),
      done: done && ((result) => coerce(this.#describe(done), result)),
    })
  }

  #describe(schema: Schema): JSONSchema {
    let described = this.#schemas.get(schema)
    if (described === undefined) {
      described = toJSONSchema(schema, 'input', this.#converters)
      this.#schemas.set(schema, described)
    }
    return described
  }
}
