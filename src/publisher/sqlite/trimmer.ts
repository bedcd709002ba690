import type { SqliteConnection, SqliteStatement } from './database.ts'

/** Removes the records whose time is over, or that are more than a channel keeps. */
export class Trimmer {
  readonly #channel: SqliteStatement
  readonly #firstKept: SqliteStatement
  readonly #tag: SqliteStatement
  readonly #delete: SqliteStatement
  readonly #update: SqliteStatement

  constructor(connection: SqliteConnection) {
    this.#channel = connection.prepare('SELECT head, trimmed, seconds, events FROM headwater_channels WHERE id = ?')
    this.#firstKept = connection.prepare(
      'SELECT offset FROM headwater_records WHERE channel = ? AND time > ? ORDER BY offset LIMIT 1',
    )
    this.#tag = connection.prepare('SELECT tag FROM headwater_records WHERE channel = ? AND offset = ?')
    this.#delete = connection.prepare('DELETE FROM headwater_records WHERE channel = ? AND offset <= ?')
    this.#update = connection.prepare('UPDATE headwater_channels SET trimmed = ?, trimmed_tag = ? WHERE id = ?')
  }

  trim(id: number, now: number): void {
    const row = this.#channel.get(id)
    const [head, trimmed] = [Number(row.head), Number(row.trimmed)]
    let last = trimmed
    if (row.events !== null) last = Math.max(last, head - Number(row.events))
    // Times only grow with the offsets.
    if (row.seconds !== null) {
      const kept = this.#firstKept.get(id, now - row.seconds * 1000)
      last = Math.max(last, kept === undefined ? head : Number(kept.offset) - 1)
    }
    if (last <= trimmed) return
    const { tag } = this.#tag.get(id, last)
    this.#delete.run(id, last)
    this.#update.run(last, tag, id)
  }
}
