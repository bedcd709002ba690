import type { AppendResult, Head, Page } from '../event-log.ts'
import type { Position } from '../position.ts'
import { Appender, type AppendRequest } from '../sqlite/appender.ts'
import { type Channel, Channels, headOf } from '../sqlite/channels.ts'
import type { SqliteConnection } from '../sqlite/database.ts'
import { Reader } from '../sqlite/reader.ts'
import { createTables } from '../sqlite/schema.ts'
import { Sweeper } from '../sqlite/sweeper.ts'
import { type ObjectStorage, toConnection } from './object-storage.ts'

/** The log's tables in an object's database: those of a `SqliteLog`. */
export class ObjectTables {
  readonly #connection: SqliteConnection
  readonly #channels: Channels
  readonly #appender: Appender
  readonly #reader: Reader
  readonly #sweeper: Sweeper

  constructor(storage: ObjectStorage) {
    this.#connection = toConnection(storage)
    createTables(this.#connection)
    this.#channels = new Channels(this.#connection)
    this.#appender = new Appender(this.#connection)
    this.#reader = new Reader(this.#connection)
    this.#sweeper = new Sweeper(this.#connection)
  }

  append(request: AppendRequest): AppendResult {
    return this.#appender.append(request)
  }

  read(
    name: string,
    after: Position | 'start',
    limit: { readonly records: number; readonly bytes: number },
    now: number,
  ): Page {
    this.#channels.findOrCreate(name, now)
    return this.#reader.read(name, after, limit) as Page
  }

  head(name: string, now: number): Head {
    return headOf(this.#channels.findOrCreate(name, now))
  }

  rotate(name: string | undefined): void {
    this.#channels.rotate(name)
  }

  placeAt(name: string, time: number): Position | 'start' {
    const channel = this.#channels.find(name)
    const row = channel && this.#lastBefore(channel, time)
    return row === undefined ? 'start' : { epoch: (channel as Channel).head.epoch, offset: row.offset, tag: row.tag }
  }

  expiresAt(name: string): number | undefined {
    const row = this.#connection
      .prepare(
        `SELECT records.time + channel.seconds * 1000 AS expires FROM headwater_channels AS channel
         JOIN headwater_records AS records ON records.channel = channel.id
         WHERE channel.id = ? ORDER BY records.offset LIMIT 1`,
      )
      .get(this.#channels.find(name)?.id ?? -1)
    return row?.expires ?? undefined
  }

  /** Gives the time at which there is something to do again. */
  sweep(now: number, forget: number, watched: Iterable<string>): number | undefined {
    this.#sweeper.sweep(now, forget, watched)
    const { next } = this.#connection
      .prepare(
        `SELECT min(time) AS next FROM (
           SELECT (SELECT time FROM headwater_records WHERE channel = channels.id ORDER BY offset LIMIT 1)
             + channels.seconds * 1000 AS time FROM headwater_channels AS channels WHERE trimmed < head
           UNION ALL SELECT min(expires) FROM headwater_keys
           UNION ALL SELECT min(used) + ? FROM headwater_channels WHERE trimmed = head
         )`,
      )
      .get(forget)
    return next ?? undefined
  }

  #lastBefore({ id }: Channel, time: number): { readonly offset: number; readonly tag: string } | undefined {
    return this.#connection
      .prepare('SELECT offset, tag FROM headwater_records WHERE channel = ? AND time < ? ORDER BY offset DESC LIMIT 1')
      .get(id, time)
  }
}
