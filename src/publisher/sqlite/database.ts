import { sleep } from '../../core/abort.ts'
import { RPCError } from '../../core/error.ts'

export interface SqliteStatement {
  run(...parameters: any[]): unknown
  get(...parameters: any[]): any
  all(...parameters: any[]): any[]
}

/** A connection as `node:sqlite`, `@photostructure/sqlite` and `better-sqlite3` have it. */
export interface SqliteConnection {
  exec(sql: string): unknown
  prepare(sql: string): SqliteStatement
}

export interface SqliteDatabase extends SqliteConnection {
  close(): void
}

/** SQLite's result codes (https://sqlite.org/rescode.html). */
const BUSY = 5
const LOCKED = 6
const IOERR = 10
const FULL = 13

const MESSAGES: Readonly<Record<number, string>> = {
  [BUSY]: "The log's database is locked by another writer",
  [LOCKED]: "The log's database is locked by another connection of this process",
  8: "The log's database is read-only",
  [IOERR]: "The log's database cannot be read or written",
  11: "The log's database is damaged",
  [FULL]: "The disk of the log's database is full",
  14: "The log's database cannot be opened",
  26: "The log's database is none: the file is something else",
}

/** Between two attempts at a lock, in ms. */
const RETRY_DELAY = { shortest: 1, longest: 20 }

/** Runs `work` as one transaction. What it throws, a commit that fails, and a result not worth keeping undo it. */
export function transact<Result>(
  database: SqliteConnection,
  begin: string,
  work: () => Result,
  isWorthKeeping: (result: Result) => boolean = () => true,
): Result {
  database.exec(begin)
  try {
    const result = work()
    if (isWorthKeeping(result)) commit(database)
    else database.exec('ROLLBACK')
    return result
  } catch (error) {
    try {
      database.exec('ROLLBACK')
    } catch {
      // SQLite has done so already.
    }
    throw error
  }
}

/** Runs `work` as a part of the transaction that is open: what it throws undoes that part. */
export function transactWithin<Result>(connection: SqliteConnection, work: () => Result): Result {
  connection.exec('SAVEPOINT headwater')
  try {
    const result = work()
    connection.exec('RELEASE headwater')
    return result
  } catch (error) {
    try {
      connection.exec('ROLLBACK TO headwater; RELEASE headwater')
    } catch {
      // SQLite has undone the whole transaction, as it does when the disk is full.
    }
    throw error
  }
}

function commit(database: SqliteConnection): void {
  try {
    database.exec('COMMIT')
  } catch (error) {
    if (codeOf(error) !== IOERR) throw error
    const message = "The log's database could not be written: the events may have been appended or not"
    throw new RPCError('APPEND_UNKNOWN', { status: 503, message, cause: error })
  }
}

/**
 * Tries until nobody else holds the lock that `attempt` needs. SQLite's own waiting would stop this whole process, and with it
 * whoever in it is to let go of the lock.
 *
 * @throws {RPCError} `SERVICE_UNAVAILABLE` after `timeout` ms, and when SQLite fails otherwise.
 */
export async function unlocked<Result>(timeout: number, signal: AbortSignal, attempt: () => Result): Promise<Result> {
  const deadline = performance.now() + timeout
  for (let delay = RETRY_DELAY.shortest; ; delay = Math.min(delay * 2, RETRY_DELAY.longest)) {
    signal.throwIfAborted()
    try {
      return attempt()
    } catch (error) {
      if (!isLocked(error) || performance.now() >= deadline) throw explain(error)
    }
    await sleep(delay * (0.5 + Math.random()), signal)
  }
}

/** SQLite's error as one that says what is the matter; any other as it is. */
export function explain(error: unknown): unknown {
  const message = MESSAGES[codeOf(error) ?? 0]
  return message === undefined ? error : new RPCError('SERVICE_UNAVAILABLE', { message, cause: error })
}

function isLocked(error: unknown): boolean {
  const code = codeOf(error)
  return code === BUSY || code === LOCKED
}

/** The primary one of its codes. */
function codeOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return undefined
  return error.errcode & 0xff
}
