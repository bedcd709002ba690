import { RPCError } from '../core/error.ts'
import { attachEventMeta } from '../event/event-meta.ts'
import { parseEnvelope } from '../wire/message.ts'
import type { Serializer } from '../wire/serializer.ts'
import type { StoredRecord } from './event-log.ts'
import { formatId, type Position } from './position.ts'

/** An event as all subscribers of a process share it. */
export class StoredEvent {
  readonly position: Position
  /** The place before it. */
  readonly after: Position
  readonly bytes: number
  readonly #record: StoredRecord
  readonly #serializer: Serializer
  #shared: unknown

  constructor(after: Position, record: StoredRecord, serializer: Serializer) {
    this.after = after
    this.position = { epoch: after.epoch, offset: record.offset, tag: record.tag }
    this.bytes = record.data.length
    this.#record = record
    this.#serializer = serializer
  }

  /**
   * The event's value with its id as meta. Plain JSON is decoded once, frozen and shared; what freezing cannot protect
   * (`Map`, `Date`, types of the user's own) is decoded for each subscriber.
   *
   * @throws {RPCError} `EVENT_UNREADABLE` when the record does not decode. It is never skipped.
   */
  value(): unknown {
    if (this.#shared !== undefined) return this.#shared
    const id = formatId(this.position)
    try {
      const { json, meta } = parseEnvelope(this.#record.data)
      const value = attachEventMeta(this.#serializer.decode({ json, meta }), { id })
      if (meta === undefined) this.#shared = deepFreeze(value)
      return value
    } catch (cause) {
      const message = `The event ${id} cannot be decoded`
      throw new RPCError('EVENT_UNREADABLE', { status: 500, message, data: { id }, cause })
    }
  }
}

function deepFreeze<Value>(value: Value): Value {
  if (typeof value !== 'object' || value === null) return value
  Object.values(value).forEach(deepFreeze)
  return Object.freeze(value)
}
