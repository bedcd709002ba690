import { byteLength } from '../../core/byte-length.ts'
import { assertPlace } from '../assert-place.ts'
import type { Head, Page, StoredRecord } from '../event-log.ts'
import type { Position } from '../position.ts'
import { type Channel, Channels, headOf } from './channels.ts'
import { type SqliteConnection, type SqliteStatement, transact } from './database.ts'

/** Reads snapshots, on a connection that writes nothing. */
export class Reader {
  readonly #connection: SqliteConnection
  readonly #channels: Channels
  readonly #tag: SqliteStatement
  readonly #next: SqliteStatement

  constructor(connection: SqliteConnection) {
    this.#connection = connection
    this.#channels = new Channels(connection)
    this.#tag = connection.prepare('SELECT tag FROM headwater_records WHERE channel = ? AND offset = ?')
    this.#next = connection.prepare(
      'SELECT offset, tag, data FROM headwater_records WHERE channel = ? AND offset > ? ORDER BY offset LIMIT 1',
    )
  }

  /** `undefined` for a channel that there is not. */
  read(
    name: string,
    after: Position | 'start',
    limit: { readonly records: number; readonly bytes: number },
  ): Page | undefined {
    return transact(this.#connection, 'BEGIN', () => {
      const channel = this.#channels.find(name)
      if (channel === undefined) return undefined
      const { id, head, trimmed } = channel
      if (after !== 'start') assertPlace({ head, trimmed, tagAt: (offset) => this.#tag.get(id, offset)?.tag }, after)
      const records = this.#records(channel, after === 'start' ? trimmed.offset : after.offset, limit)
      const last = records.at(-1)
      const through = last === undefined ? head : { epoch: head.epoch, offset: last.offset, tag: last.tag }
      return { records, through, ...headOf(channel) }
    })
  }

  heads(names: readonly string[]): (Head | undefined)[] {
    return transact(this.#connection, 'BEGIN', () =>
      names.map((name) => {
        const channel = this.#channels.find(name)
        return channel && headOf(channel)
      }),
    )
  }

  /** One by one: what lies beyond the limit is not read, and no statement stays open over the end of the snapshot. */
  #records(
    { id, trimmed }: Channel,
    after: number,
    limit: { readonly records: number; readonly bytes: number },
  ): StoredRecord[] {
    const records: StoredRecord[] = []
    let bytes = 0
    for (let offset = Math.max(after, trimmed.offset); records.length < limit.records; offset++) {
      const row = this.#next.get(id, offset)
      if (row === undefined) break
      const { tag, data } = row
      bytes += byteLength(data)
      if (bytes > limit.bytes && records.length > 0) break
      records.push({ offset: row.offset, tag, data })
    }
    return records
  }
}
