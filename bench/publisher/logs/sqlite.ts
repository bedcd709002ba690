import { EventEmitter } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openDatabase } from '../../../src/publisher/sqlite/driver.ts'
import { SqliteLog } from '../../../src/publisher/sqlite/sqlite-log.ts'
import type { Contender, LogCase } from '../contender.ts'
import { headwater } from '../headwater.ts'

/** A transaction per event: the channel's row and the record, and the oldest one removed. */
async function bare(path: string, durability: string): Promise<Contender> {
  const database = await openDatabase(path)
  database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = ${durability}`)
  database.exec('CREATE TABLE IF NOT EXISTS channels (name TEXT PRIMARY KEY, head INTEGER NOT NULL) WITHOUT ROWID')
  database.exec(
    `CREATE TABLE IF NOT EXISTS records (channel TEXT, offset INTEGER, time INTEGER, data TEXT, PRIMARY KEY (channel, offset))
     WITHOUT ROWID`,
  )
  const move = database.prepare(
    'INSERT INTO channels VALUES (?, 1) ON CONFLICT DO UPDATE SET head = head + 1 RETURNING head',
  )
  const insert = database.prepare('INSERT INTO records VALUES (?, ?, ?, ?)')
  const trim = database.prepare('DELETE FROM records WHERE channel = ? AND offset <= ?')
  const emitter = new EventEmitter().setMaxListeners(0)
  return {
    publish: async (channel, event) => {
      const data = JSON.stringify({ json: event })
      database.exec('BEGIN IMMEDIATE')
      const { head } = move.get(channel)
      insert.run(channel, head, Date.now(), data)
      trim.run(channel, Number(head) - 10_000)
      database.exec('COMMIT')
      emitter.emit(channel, data)
    },
    subscribe: async (channel, onEvent) => void emitter.on(channel, (data: string) => onEvent(JSON.parse(data).json)),
  }
}

/** Both in one process, as an embedded log is used. */
export function sqlite(durability: 'full' | 'normal'): LogCase {
  return {
    async start() {
      const folder = await mkdtemp(join(tmpdir(), 'headwater-bench-'))
      return { url: folder, stop: () => rm(folder, { recursive: true, force: true }) }
    },
    contenders: {
      headwater: async (folder) => headwater(new SqliteLog({ path: join(folder, 'headwater.db'), durability })),
      bare: (folder) => bare(join(folder, 'bare.db'), durability),
    },
  }
}
