import { type Schema, type SchemaResult, ValidationError, validate } from '../core/schema.ts'
import { isPlainJSON } from '../event/shared-event.ts'
import { formatEvent, parseEnvelope } from '../wire/message.ts'
import type { Serializer } from '../wire/serializer.ts'

export interface ReadEvent {
  readonly value: unknown
  /** Whether it is plain JSON, which freezing protects, so that all subscribers can share it. */
  readonly isPlain: boolean
}

/** How the events of a channel are written and read: by the publisher's serializer, and by the channel's schema. */
export class EventFormat {
  readonly #channel: string
  readonly #serializer: Serializer
  readonly #schema: Schema | undefined

  constructor(channel: string, serializer: Serializer, schema?: Schema) {
    this.#channel = channel
    this.#serializer = serializer
    this.#schema = schema
  }

  /**
   * @throws {ValidationError} when the event does not fit the schema.
   * @throws {TypeError} when it cannot be encoded.
   */
  encode(event: unknown): string {
    return formatEvent(this.#serializer, this.#validated(event))
  }

  /** @throws when the text is no event, or none that the schema takes. */
  decode(text: string): ReadEvent {
    const { json, meta } = parseEnvelope(text)
    const value = this.#validated(this.#serializer.decode({ json, meta }))
    // A schema may make more of plain JSON than that.
    return { value, isPlain: meta === undefined && (this.#schema === undefined || isPlainJSON(value)) }
  }

  #validated(event: unknown): unknown {
    if (this.#schema === undefined) return event
    const result: SchemaResult<unknown> | Promise<unknown> = validate(this.#schema, event)
    if (result instanceof Promise) {
      result.catch(() => {})
      throw new TypeError(`The schema of the channel ${this.#channel} is asynchronous: channels take synchronous ones`)
    }
    if (result.issues === undefined) return result.value
    const problems = result.issues.map(({ message }) => message).join('; ')
    throw new ValidationError(
      `The event does not fit the schema of the channel ${this.#channel}: ${problems}`,
      result.issues,
    )
  }
}
