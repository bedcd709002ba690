import { assertPlace } from './assert-place.ts'
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

/** What somebody wants of one channel in a shared stream. */
export interface Reading {
  /** The digest of its name. */
  readonly channel: string
  readonly after: Position | 'start'
  readonly head: Position
  readonly limit: Parameters<EventLog['read']>[2]
}

/** At most so much of a stream is looked through for one page. */
const SCAN_LIMIT = { messages: 5000, bytes: 16 * 1024 * 1024 }

/** Tells when so many messages have come that the page is full, or that enough were looked through for it. */
export function fullPage({ channel, after, limit }: Reading): (message: SharedMessage) => boolean {
  let { records, bytes } = limit
  let scanned = 0
  let scannedBytes = 0
  return ({ offset, data, channel: owner }) => {
    // What is read again to verify the place is none of it.
    if (after !== 'start' && offset <= after.offset) return false
    scanned++
    scannedBytes += data.length
    if (owner === channel) {
      records--
      bytes -= data.length
    }
    return records < 0 || bytes < 0 || scanned >= SCAN_LIMIT.messages || scannedBytes >= SCAN_LIMIT.bytes
  }
}

/** The page out of the messages that follow each other in the stream: all between the place and the head. */
export function recentPage(messages: readonly SharedMessage[], reading: Reading, trimmed: number): Page {
  return pageOf(messages, reading, reading.head, trimmed)
}

/**
 * The page out of messages that were read from the place on, until they were a `fullPage` or the head was reached.
 *
 * @throws {RPCError} `EVENT_GAP` with reason `'epoch'` when the place is none of this history.
 */
export function historyPage(messages: readonly SharedMessage[], reading: Reading, trimmed: number): Page {
  const { after, head } = reading
  const [first] = messages
  if (after !== 'start') {
    // Of a place that is trimmed the tag is not known any more.
    const known = { head, trimmed: { ...head, offset: trimmed, tag: after.tag } }
    assertPlace({ ...known, tagAt: (offset) => (offset === first?.offset ? first.tag : undefined) }, after)
  }
  const last = messages.some(fullPage(reading)) ? messages.at(-1) : undefined
  const isBehind = last !== undefined && last.offset < head.offset
  return pageOf(messages, reading, isBehind ? { epoch: head.epoch, offset: last.offset, tag: last.tag } : head, trimmed)
}

function pageOf(
  messages: readonly SharedMessage[],
  { channel, after, head, limit }: Reading,
  until: Position,
  trimmed: number,
): Page {
  const records: StoredRecord[] = []
  let bytes = 0
  let passed = until
  for (const { offset, tag, data, channel: owner } of messages) {
    if (after !== 'start' && offset <= after.offset) continue
    if (offset > until.offset) break
    if (owner === channel) {
      bytes += data.length
      const isFull = records.length === limit.records || bytes > limit.bytes
      if (isFull && records.length > 0) return { records, through: passed, position: head, trimmed }
      records.push({ offset, tag, data })
    }
    passed = { epoch: head.epoch, offset, tag }
  }
  return { records, through: until, position: head, trimmed }
}
