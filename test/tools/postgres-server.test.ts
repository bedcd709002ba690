import postgres from 'postgres'
import { describe, expect, test } from 'vitest'
import { findPostgres, PostgresServer } from './postgres-server.ts'

describe.skipIf(findPostgres() === undefined)('a Postgres of a test', { timeout: 30_000 }, () => {
  test.each(['SIGKILL', 'SIGQUIT'] as const)(
    'remembers what it has committed when it is killed: %s',
    async (signal) => {
      const server = await PostgresServer.start()
      const sql = postgres(server.url)
      try {
        await sql`CREATE TABLE kept (value text)`
        await sql`INSERT INTO kept VALUES ('value')`
        await server.kill(signal)
        await server.restart()
        expect([...(await sql`SELECT value FROM kept`)]).toEqual([{ value: 'value' }])
      } finally {
        await sql.end({ timeout: 1 })
        await server.stop()
      }
    },
  )
})
