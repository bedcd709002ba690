import type { SqliteConnection, SqliteStatement } from './database.ts'

/** How a channel stands. */
interface Trimmable {
  readonly id: number
  readonly head: number
  readonly trimmed: number
  readonly seconds: number | null
  readonly events: number | null
}

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

  /** Of a channel as its row is now. */
  trimById(id: number, now: number): void {
    const { head, trimmed, seconds, events } = this.#channel.get(id)
    const limits = { seconds, events: events === null ? null : Number(events) }
    this.trim({ id, head: Number(head), trimmed: Number(trimmed), ...limits }, now)
  }

  trim({ id, head, trimmed, seconds, events }: Trimmable, now: number): void {
    let last = trimmed
    if (events !== null) last = Math.max(last, head - events)
    // Times only grow with the offsets.
    if (seconds !== null) {
      const kept = this.#firstKept.get(id, now - seconds * 1000)
      last = Math.max(last, kept === undefined ? head : Number(kept.offset) - 1)
    }
    if (last <= trimmed) return
    const { tag } = this.#tag.get(id, last)
    this.#delete.run(id, last)
    this.#update.run(last, tag, id)
  }
}
