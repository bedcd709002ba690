import { EventEmitter } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openDatabase } from '../../../src/publisher/sqlite/driver.ts'
import { SqliteLog } from '../../../src/publisher/sqlite/sqlite-log.ts'
import type { Contender, LogCase } from '../contender.ts'
import { headwater } from '../headwater.ts'
import { encode, idOf, LIMITS, newEpoch, newTag, type Place, receiver } from './by-hand.ts'

/**
 * A transaction per event: the channel's row, by which other processes find what is new, the record, and those removed that are
 * too many or too old.
 */
async function bare(path: string, durability: string): Promise<Contender> {
  const database = await openDatabase(path)
  database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = ${durability}`)
  database.exec(`
    CREATE TABLE IF NOT EXISTS log (appends INTEGER NOT NULL) STRICT;
    INSERT INTO log SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM log);
    CREATE TABLE IF NOT EXISTS channels (
      name TEXT PRIMARY KEY, epoch TEXT NOT NULL, head INTEGER NOT NULL, tag TEXT NOT NULL,
      trimmed INTEGER NOT NULL, appended INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS changed ON channels (appended);
    CREATE TABLE IF NOT EXISTS records (
      channel TEXT NOT NULL, offset INTEGER NOT NULL, tag TEXT NOT NULL, time INTEGER NOT NULL, data TEXT NOT NULL,
      PRIMARY KEY (channel, offset)
    ) STRICT, WITHOUT ROWID`)
  const count = database.prepare('UPDATE log SET appends = appends + 1 RETURNING appends')
  const move = database.prepare(
    `INSERT INTO channels VALUES (?, ?, 1, ?, 0, ?)
     ON CONFLICT DO UPDATE SET head = head + 1, tag = excluded.tag, appended = excluded.appended
     RETURNING epoch, head, trimmed`,
  )
  const insert = database.prepare('INSERT INTO records VALUES (?, ?, ?, ?, ?)')
  const firstKept = database.prepare(
    'SELECT offset FROM records WHERE channel = ? AND offset > ? AND time > ? ORDER BY offset LIMIT 1',
  )
  const remove = database.prepare('DELETE FROM records WHERE channel = ? AND offset <= ?')
  const setTrimmed = database.prepare('UPDATE channels SET trimmed = ? WHERE name = ?')
  const append = (channel: string, data: string): Place => {
    const [tag, now] = [newTag(), Date.now()]
    database.exec('BEGIN IMMEDIATE')
    try {
      const { appends } = count.get()
      const { epoch, head, trimmed } = move.get(channel, newEpoch(), tag, appends)
      insert.run(channel, head, tag, now, data)
      const kept = firstKept.get(channel, Math.max(trimmed, head - LIMITS.events), now - LIMITS.milliseconds).offset
      if (kept > trimmed + 1) {
        remove.run(channel, kept - 1)
        setTrimmed.run(kept - 1, channel)
      }
      database.exec('COMMIT')
      return { epoch, offset: head, tag }
    } catch (error) {
      database.exec('ROLLBACK')
      throw error
    }
  }
  const emitter = new EventEmitter().setMaxListeners(0)
  return {
    publish: async (channel, event) => {
      const data = encode(event)
      const place = append(channel, data)
      emitter.emit(channel, place, data)
      return { id: idOf(place), duplicate: false }
    },
    subscribe: async (channel, onEvent) => void emitter.on(channel, receiver(onEvent)),
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
