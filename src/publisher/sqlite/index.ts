export type { SqliteConnection, SqliteStatement } from './database.ts'
export { SqliteLog, type SqliteLogOptions } from './sqlite-log.ts'
