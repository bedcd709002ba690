import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, test } from 'vitest'
import { logChecks } from '../../testing/log-checks.ts'
import type { LogHarness } from '../../testing/log-harness.ts'
import type { SqliteConnection, SqliteDatabase } from './database.ts'
import { openDatabase } from './driver.ts'
import { SqliteLog } from './sqlite-log.ts'

const folder = mkdtempSync(join(tmpdir(), 'headwater-sqlite-'))
const path = join(folder, 'log.db')
const TABLES = ['headwater_log', 'headwater_channels', 'headwater_records', 'headwater_keys']

let now = 1_000_000

afterAll(() => rmSync(folder, { recursive: true }))

const createLog = async (): Promise<SqliteLog> => new SqliteLog({ path, durability: 'normal', now: () => now })

/** Works on the log's database behind its back. */
async function behindItsBack<Result>(work: (database: SqliteDatabase) => Result): Promise<Result> {
  const database = await openDatabase(path)
  try {
    return work(database)
  } finally {
    database.close()
  }
}

const harness: LogHarness<SqliteConnection> = {
  capabilities: {
    offsets: 'contiguous',
    survives: 'process-kill',
    copies: 'one',
    idempotencySeconds: 300,
    retention: { count: true, perChannel: true },
    transaction: true,
    atomicBatch: true,
    rotation: { channel: true, log: true },
  },
  createLog,
  clock: {
    advance: (milliseconds) => {
      now += milliseconds
    },
  },
  sweep: async () => {
    const log = await createLog()
    await log.sweep()
    await log.close()
  },
  loseHistory: () =>
    behindItsBack((database) => {
      database.exec('BEGIN IMMEDIATE; UPDATE headwater_log SET appends = 0')
      for (const table of TABLES.slice(1)) database.exec(`DELETE FROM ${table}`)
      database.exec('COMMIT')
    }),
  backUp: async () => {
    const backup = join(folder, `${Math.random()}.db`)
    await behindItsBack((database) => database.exec(`VACUUM INTO '${backup}'`))
    return () =>
      behindItsBack((database) => {
        database.exec(`ATTACH '${backup}' AS backup; BEGIN IMMEDIATE`)
        for (const table of TABLES)
          database.exec(`DELETE FROM ${table}; INSERT INTO ${table} SELECT * FROM backup.${table}`)
        database.exec('COMMIT')
      })
  },
  begin: async () => {
    const transaction = await openDatabase(path)
    transaction.exec('BEGIN IMMEDIATE')
    const end = async (how: string): Promise<void> => {
      transaction.exec(how)
      transaction.close()
    }
    return { transaction, commit: () => end('COMMIT'), rollback: () => end('ROLLBACK') }
  },
}

describe('a SQLite log', () => {
  for (const { name, skip, run } of logChecks(harness)) test.skipIf(skip)(name, run, 20_000)
})
