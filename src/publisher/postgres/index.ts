export type { PgClient, PgPool, PgPoolClient, PostgresClient, PostgresJs, PostgresTransaction } from './clients.ts'
export { PostgresLog, type PostgresLogOptions } from './postgres-log.ts'
export { createTables as postgresLogTables } from './schema.ts'
