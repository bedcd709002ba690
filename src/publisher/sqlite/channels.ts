import { randomToken } from '../../core/random-token.ts'
import type { Head } from '../event-log.ts'
import { NO_TAG, type Position } from '../position.ts'
import type { SqliteConnection, SqliteStatement } from './database.ts'
import { toText } from './schema.ts'

/** A channel as its row has it. */
export interface Channel {
  readonly id: number
  readonly head: Position
  /** The place before the oldest record. */
  readonly trimmed: Position
  /** When the newest record was appended. */
  readonly time: number
}

/** The rows of the channels, as one connection reads and makes them. */
export class Channels {
  readonly #select: SqliteStatement
  readonly #insert: SqliteStatement
  readonly #count: SqliteStatement
  readonly #rotate: SqliteStatement

  constructor(connection: SqliteConnection) {
    this.#select = connection.prepare('SELECT * FROM headwater_channels WHERE name = ?')
    this.#insert = connection.prepare(
      `INSERT INTO headwater_channels (name, epoch, head, head_tag, trimmed, trimmed_tag, time, used, appended)
       VALUES (?, ?, 0, '${NO_TAG}', 0, '${NO_TAG}', 0, ?, 0)`,
    )
    this.#count = connection.prepare('UPDATE headwater_log SET appends = appends + 1 RETURNING appends')
    this.#rotate = connection.prepare(
      `UPDATE headwater_channels SET epoch = lower(hex(randomblob(6))), appended = ?1 WHERE ?2 IS NULL OR name = ?2`,
    )
  }

  /** Another epoch for a channel, or for all; who watches finds it as it finds an append. */
  rotate(name: string | undefined): void {
    const { appends } = this.#count.get()
    this.#rotate.run(Number(appends), name === undefined ? null : toText(name))
  }

  find(name: string): Channel | undefined {
    const row = this.#select.get(toText(name))
    if (row === undefined) return undefined
    const { epoch } = row
    return {
      id: Number(row.id),
      head: { epoch, offset: Number(row.head), tag: row.head_tag },
      trimmed: { epoch, offset: Number(row.trimmed), tag: row.trimmed_tag },
      time: Number(row.time),
    }
  }

  findOrCreate(name: string, now: number): Channel {
    const channel = this.find(name)
    if (channel !== undefined) return channel
    this.#insert.run(toText(name), randomToken(12), now)
    return this.find(name) as Channel
  }
}

export const headOf = ({ head, trimmed }: Channel): Head => ({ position: head, trimmed: trimmed.offset })
