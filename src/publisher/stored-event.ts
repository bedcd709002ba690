import { byteLength } from '../core/byte-length.ts'
import { RPCError } from '../core/error.ts'
import { attachEventMeta } from '../event/event-meta.ts'
import { shareEvent } from '../event/shared-event.ts'
import type { EventFormat } from './event-format.ts'
import type { StoredRecord } from './event-log.ts'
import { formatId, type Position } from './position.ts'

/** An event as all subscribers of a process share it. */
export class StoredEvent {
  readonly position: Position
  /** The place before it. */
  readonly after: Position
  /** Of its record, in UTF-8. */
  readonly bytes: number
  readonly #format: EventFormat
  /** Let go of when the value is shared. */
  #data: string
  #shared: unknown

  constructor(after: Position, record: StoredRecord, format: EventFormat) {
    this.after = after
    this.position = { epoch: after.epoch, offset: record.offset, tag: record.tag }
    this.bytes = byteLength(record.data)
    this.#data = record.data
    this.#format = format
  }

  /**
   * The event's value with its id as meta. Plain JSON is decoded once, frozen and shared; what freezing cannot protect
   * (`Map`, `Date`, types of the user's own) is decoded for each subscriber.
   *
   * @throws {RPCError} `EVENT_UNREADABLE` when the record does not decode or no longer fits its schema. It is never
   *   skipped.
   */
  value(): unknown {
    if (this.#shared !== undefined) return this.#shared
    const id = formatId(this.position)
    try {
      const { value, isPlain } = this.#format.decode(this.#data)
      const event = attachEventMeta(value, { id })
      if (isPlain) {
        this.#shared = shareEvent(event)
        if (event !== undefined) this.#data = ''
      }
      return event
    } catch (cause) {
      const message = `The event ${id} cannot be read`
      throw new RPCError('EVENT_UNREADABLE', { status: 500, message, data: { id }, cause })
    }
  }
}

/** The records that follow a place, as events. */
export function storedEvents(after: Position, records: readonly StoredRecord[], format: EventFormat): StoredEvent[] {
  const events: StoredEvent[] = []
  for (const record of records) events.push(new StoredEvent(events.at(-1)?.position ?? after, record, format))
  return events
}
