import { randomToken } from '../../core/random-token.ts'
import type { AppendResult, NewRecord, Retention } from '../event-log.ts'
import type { Position } from '../position.ts'
import { Channels } from './channels.ts'
import type { SqliteConnection, SqliteStatement } from './database.ts'
import { toText } from './schema.ts'
import { Trimmer } from './trimmer.ts'

export interface AppendRequest {
  readonly name: string
  readonly records: readonly NewRecord[]
  readonly retention: Retention
  readonly idempotencyKey: string | undefined
  readonly idempotencySeconds: number
  readonly now: number
}

/** What an append does on a connection, the log's own or the caller's. The transaction around it is theirs. */
export class Appender {
  readonly #channels: Channels
  readonly #trimmer: Trimmer
  readonly #count: SqliteStatement
  readonly #insertRecord: SqliteStatement
  readonly #updateChannel: SqliteStatement
  readonly #selectKey: SqliteStatement
  readonly #putKey: SqliteStatement
  /** The number that the log has given to the last append. */
  count = 0

  constructor(connection: SqliteConnection) {
    this.#channels = new Channels(connection)
    this.#trimmer = new Trimmer(connection)
    this.#count = connection.prepare('UPDATE headwater_log SET appends = appends + 1 RETURNING appends')
    this.#insertRecord = connection.prepare('INSERT INTO headwater_records VALUES (?, ?, ?, ?, ?)')
    this.#updateChannel = connection.prepare(
      `UPDATE headwater_channels SET head = ?, head_tag = ?, seconds = ?, events = ?, time = ?, used = ?, appended = ?
       WHERE id = ?`,
    )
    this.#selectKey = connection.prepare('SELECT * FROM headwater_keys WHERE channel = ? AND key = ? AND expires > ?')
    this.#putKey = connection.prepare('INSERT OR REPLACE INTO headwater_keys VALUES (?, ?, ?, ?, ?, ?)')
  }

  append({ name, records, retention, idempotencyKey, idempotencySeconds, now }: AppendRequest): AppendResult {
    // Writes before it reads: a transaction that began by reading cannot write once another has written.
    const { appends } = this.#count.get()
    const { id, head, trimmed, time: newest } = this.#channels.findOrCreate(name, now)
    const place = (offset: number, tag: string): Position => ({ epoch: head.epoch, offset, tag })

    const key = idempotencyKey === undefined ? undefined : toText(idempotencyKey)
    const known = key === undefined ? undefined : this.#selectKey.get(id, key, now)
    if (known !== undefined) {
      const [first, last] = [place(Number(known.first), known.tag), place(Number(known.last), known.tag)]
      return { first, last, duplicate: true }
    }

    const tag = randomToken(6)
    // The clock may be set back; the order of the records may not.
    const time = Math.max(now, newest)
    const [first, last] = [place(head.offset + 1, tag), place(head.offset + records.length, tag)]
    let { offset } = head
    for (const { data } of records) this.#insertRecord.run(id, ++offset, tag, time, data)
    const limits = { seconds: toLimit(retention.seconds), events: toLimit(retention.events) }
    this.#updateChannel.run(last.offset, tag, limits.seconds, limits.events, time, now, Number(appends), id)
    if (key !== undefined) {
      this.#putKey.run(id, key, first.offset, last.offset, tag, now + idempotencySeconds * 1000)
    }
    this.#trimmer.trim({ id, head: last.offset, trimmed: trimmed.offset, ...limits }, now)
    this.count = Number(appends)
    return { before: head, first, last, duplicate: false }
  }
}

/** `null` for none. */
function toLimit(limit = Number.POSITIVE_INFINITY): number | null {
  return limit === Number.POSITIVE_INFINITY ? null : limit
}
