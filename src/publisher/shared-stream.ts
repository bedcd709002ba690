import type { EventLog, Page, StoredRecord } from './event-log.ts'
import type { Position } from './position.ts'

/** A message of an engine's stream that several channels share. */
export interface SharedMessage {
  /** Behind the message is a place; the one at 0 is before all. */
  readonly offset: number
  /** The digest of the channel's name. */
  readonly channel: string
  readonly tag: string
  readonly data: string
}

type Place = Pick<Position, 'offset' | 'tag'>

const LIMIT = { messages: 2000, bytes: 4 * 1024 * 1024 }

/** The newest messages of a shared stream, as this process has received them. */
export class RecentMessages {
  #messages: SharedMessage[] = []
  #bytes = 0
  /** The place before them. */
  #floor: Place

  constructor(floor: Place) {
    this.#floor = floor
  }

  /** The place behind the newest one. */
  get head(): Place {
    return this.#messages.at(-1) ?? this.#floor
  }

  push(message: SharedMessage): void {
    this.#messages.push(message)
    this.#bytes += message.data.length
    if (this.#messages.length <= 2 * LIMIT.messages && this.#bytes <= 2 * LIMIT.bytes) return
    let bytes = 0
    const tooOld = this.#messages.findLastIndex(({ data }, index) => {
      bytes += data.length
      return index < this.#messages.length - LIMIT.messages || bytes > LIMIT.bytes
    })
    this.#floor = this.#messages[tooOld] ?? this.#floor
    this.#messages = this.#messages.slice(tooOld + 1)
    this.#bytes = this.#messages.reduce((sum, { data }) => sum + data.length, 0)
  }

  /** What came after a place; `undefined` when that is too long ago, or no place that is remembered. */
  after(place: Place): readonly SharedMessage[] | undefined {
    const isSame = ({ offset, tag }: Place): boolean => offset === place.offset && tag === place.tag
    if (isSame(this.#floor)) return this.#messages
    const index = this.#messages.findLastIndex(isSame)
    return index === -1 ? undefined : this.#messages.slice(index + 1)
  }
}

/** The page of one channel out of the messages that follow each other in a shared stream. */
export function pageOf(
  messages: readonly SharedMessage[],
  channel: string,
  head: Position,
  trimmed: number,
  limit: Parameters<EventLog['read']>[2],
): Page {
  const records: StoredRecord[] = []
  let through: Position = head
  let bytes = 0
  for (const { offset, tag, data, channel: owner } of messages) {
    if (offset > head.offset) break
    if (owner === channel) {
      bytes += data.length
      if (records.length > 0 && (records.length === limit.records || bytes > limit.bytes)) break
      records.push({ offset, tag, data })
    }
    through = { epoch: head.epoch, offset, tag }
  }
  return { records, through, position: head, trimmed }
}

/** Tells when so many messages have come that the channel's page is full. */
export function fullPage(
  channel: string,
  { records, bytes }: Parameters<EventLog['read']>[2],
): (message: SharedMessage) => boolean {
  return ({ channel: owner, data }) => {
    if (owner === channel) {
      records--
      bytes -= data.length
    }
    return records < 0 || bytes < 0
  }
}
