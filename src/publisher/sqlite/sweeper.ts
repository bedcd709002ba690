import type { SqliteConnection, SqliteStatement } from './database.ts'
import { toText } from './schema.ts'
import { Trimmer } from './trimmer.ts'

/** What has to be done once in a while for the channels to which nobody appends. */
export class Sweeper {
  readonly #trimmer: Trimmer
  readonly #expired: SqliteStatement
  readonly #touch: SqliteStatement
  readonly #forget: SqliteStatement
  readonly #deleteKeys: SqliteStatement

  constructor(connection: SqliteConnection) {
    this.#trimmer = new Trimmer(connection)
    this.#expired = connection.prepare(
      `SELECT id FROM headwater_channels AS channel WHERE seconds IS NOT NULL AND trimmed < head AND ? - seconds * 1000 >=
       (SELECT time FROM headwater_records WHERE channel = channel.id ORDER BY offset LIMIT 1)`,
    )
    this.#touch = connection.prepare('UPDATE headwater_channels SET used = ? WHERE name = ? AND used < ?')
    this.#deleteKeys = connection.prepare('DELETE FROM headwater_keys WHERE expires <= ?')
    this.#forget = connection.prepare(
      `DELETE FROM headwater_channels WHERE used <= ? AND trimmed = head
       AND NOT EXISTS (SELECT 1 FROM headwater_keys WHERE channel = headwater_channels.id)`,
    )
  }

  /** Channels that are watched stay, however long nothing is appended to them. */
  sweep(now: number, forget: number, watched: Iterable<string>): void {
    for (const { id } of this.#expired.all(now)) this.#trimmer.trimById(id, now)
    for (const name of watched) this.#touch.run(now, toText(name), now - forget / 4)
    this.#deleteKeys.run(now)
    this.#forget.run(now - forget)
  }
}
