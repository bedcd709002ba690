import { Appender } from './appender.ts'
import { Channels } from './channels.ts'
import { type SqliteDatabase, unlocked } from './database.ts'
import { openDatabase } from './driver.ts'
import { Reader } from './reader.ts'
import { createTables } from './schema.ts'
import { Sweeper } from './sweeper.ts'
import { Watches } from './watches.ts'

export interface OpenSettings {
  readonly path: string
  readonly durability: 'full' | 'normal'
  readonly lockTimeout: number
  readonly pollInterval: number
  readonly signal: AbortSignal
}

/** The log's own two connections and what works on them. */
export interface OpenLog {
  readonly writer: SqliteDatabase
  readonly appender: Appender
  readonly channels: Channels
  readonly sweeper: Sweeper
  readonly reader: Reader
  readonly watches: Watches
  close(): void
}

const SWEEP_INTERVAL = 30_000

export async function openLog(settings: OpenSettings, sweep: (log: OpenLog) => void): Promise<OpenLog> {
  const { path, durability, lockTimeout, pollInterval, signal } = settings
  const opened: SqliteDatabase[] = []
  const open = async (): Promise<SqliteDatabase> => {
    const database = await openDatabase(path)
    opened.push(database)
    return database
  }
  try {
    const [writer, readOnly] = [await open(), await open()]
    await unlocked(lockTimeout, signal, () => {
      useWriteAheadLog(writer)
      writer.exec(`PRAGMA synchronous = ${durability.toUpperCase()}`)
      createTables(writer)
      readOnly.exec('PRAGMA query_only = ON')
    })
    const log: OpenLog = {
      writer,
      appender: new Appender(writer),
      channels: new Channels(writer),
      sweeper: new Sweeper(writer),
      reader: new Reader(readOnly),
      watches: new Watches(readOnly, pollInterval),
      close: () => {
        clearInterval(timer)
        log.watches.close()
        for (const database of opened) database.close()
      },
    }
    const timer = sweepOnceInAWhile(() => sweep(log))
    return log
  } catch (error) {
    for (const database of opened) database.close()
    throw error
  }
}

function useWriteAheadLog(database: SqliteDatabase): void {
  const { journal_mode: mode } = database.prepare('PRAGMA journal_mode = WAL').get()
  if (mode !== 'wal') throw new Error(`The log's database cannot use a write-ahead log, only the mode ${mode}`)
}

/** Does not keep the process alive. */
function sweepOnceInAWhile(sweep: () => void): ReturnType<typeof setInterval> {
  const timer = setInterval(() => {
    try {
      sweep()
    } catch {
      // Another process has the lock, or sweeps itself. What matters comes up with the next append.
    }
  }, SWEEP_INTERVAL)
  return timer.unref()
}
