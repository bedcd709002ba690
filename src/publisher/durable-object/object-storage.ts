import type { SqliteConnection } from '../sqlite/database.ts'

/** What is needed of a Durable Object's `ctx.storage`: one of a class with SQLite. */
export interface ObjectStorage {
  readonly sql: { exec(query: string, ...bindings: any[]): { toArray(): any[] } }
  transactionSync<Result>(work: () => Result): Result
  /** Resolves when all that was written is safe. */
  sync?(): Promise<void>
  getAlarm(): Promise<number | null>
  setAlarm(time: number): void | Promise<void>
}

/** An object has its database for itself, and its transactions are functions: statements for them are not needed. */
const TRANSACTION = /^(BEGIN|COMMIT|ROLLBACK)\b/

/** An object's database as the log's statements want it. The runtime keeps what it has prepared. */
export function toConnection({ sql }: ObjectStorage): SqliteConnection {
  return {
    exec: (text) => (TRANSACTION.test(text) ? undefined : sql.exec(text)),
    prepare: (text) => ({
      run: (...parameters) => sql.exec(text, ...parameters),
      get: (...parameters) => sql.exec(text, ...parameters).toArray()[0],
      all: (...parameters) => sql.exec(text, ...parameters).toArray(),
    }),
  }
}
