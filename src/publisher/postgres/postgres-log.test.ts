import { Pool } from 'pg'
import postgres from 'postgres'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { gate } from '../../../test/tools/gate.ts'
import { findPostgres, PostgresServer } from '../../../test/tools/postgres-server.ts'
import { logChecks } from '../../testing/log-checks.ts'
import type { LogHarness, OpenTransaction } from '../../testing/log-harness.ts'
import type { PostgresClient, PostgresTransaction } from './clients.ts'
import { PostgresLog, type PostgresLogOptions } from './postgres-log.ts'

const TABLES = ['log', 'channels', 'records', 'keys']

let server: PostgresServer
let pool: Pool
let sql: postgres.Sql

beforeAll(async () => {
  if (findPostgres() === undefined) return
  server = await PostgresServer.start()
  pool = new Pool({ connectionString: server.url, max: 20 })
  sql = postgres(server.url, { max: 10, onnotice: () => {} })
})

afterAll(async () => {
  await pool?.end()
  await sql?.end()
  await server?.stop()
})

/** Works on the tables behind the log's back. */
const execute = async (...statements: string[]): Promise<void> => void (await pool.query(statements.join(';')))

/** For the clock: what is stored becomes older. */
const passTime = (milliseconds: number): Promise<void> => {
  const earlier = (column: string): string => `${column} = ${column} - interval '${milliseconds} milliseconds'`
  return execute(
    `UPDATE headwater.channels SET ${['oldest', 'newest', 'used'].map(earlier)}`,
    `UPDATE headwater.records SET ${earlier('time')}`,
    `UPDATE headwater.keys SET ${earlier('expires')}`,
  )
}

async function beginByPg(): Promise<OpenTransaction<PostgresTransaction>> {
  const client = await pool.connect()
  const end = async (how: string): Promise<void> => {
    await client.query(how)
    client.release()
  }
  await client.query('BEGIN')
  return { transaction: client, commit: () => end('COMMIT'), rollback: () => end('ROLLBACK') }
}

async function beginByPostgresJs(): Promise<OpenTransaction<PostgresTransaction>> {
  const begun = gate<PostgresTransaction>()
  const ended = gate<'commit' | 'rollback'>()
  const done = sql
    .begin(async (transaction) => {
      begun.open(transaction)
      if ((await ended.opened) === 'rollback') throw new Error('Rolled back')
    })
    .catch(() => {})
  const end = async (how: 'commit' | 'rollback'): Promise<void> => {
    ended.open(how)
    await done
  }
  return { transaction: await begun.opened, commit: () => end('commit'), rollback: () => end('rollback') }
}

interface Way {
  readonly client: () => PostgresClient
  readonly begin: () => Promise<OpenTransaction<PostgresTransaction>>
  readonly options?: PostgresLogOptions
}

const WAYS: Readonly<Record<string, Way>> = {
  'a pool of pg': { client: () => pool, begin: beginByPg },
  'a sql of postgres.js': { client: () => sql, begin: beginByPostgresJs },
  'a pool that does not listen': {
    client: () => pool,
    begin: beginByPg,
    options: { listen: false, pollInterval: 10, prepare: false },
  },
}

const harnessOf = ({ client, begin, options }: Way): LogHarness<PostgresTransaction> => {
  const createLog = async (): Promise<PostgresLog> =>
    new PostgresLog(client(), { ...options, sweepSeconds: 3600, onWarning: () => {} })
  return {
    capabilities: {
      offsets: 'contiguous',
      survives: 'power-loss',
      copies: 'one',
      idempotencySeconds: 300,
      retention: { count: true, perChannel: true },
      transaction: true,
      atomicBatch: true,
      rotation: { channel: true, log: true },
    },
    createLog,
    sweep: async () => {
      const log = await createLog()
      await log.sweep()
      await log.close()
    },
    loseHistory: () => execute(...TABLES.slice(1).map((table) => `DELETE FROM headwater.${table}`)),
    backUp: async () => {
      await execute(
        'DROP SCHEMA IF EXISTS backup CASCADE; CREATE SCHEMA backup',
        ...TABLES.map((table) => `CREATE TABLE backup.${table} AS TABLE headwater.${table}`),
      )
      return () =>
        execute(
          ...TABLES.map(
            (table) =>
              `DELETE FROM headwater.${table}; INSERT INTO headwater.${table} OVERRIDING SYSTEM VALUE TABLE backup.${table}`,
          ),
        )
    },
    // Ends the connections that listen: the log makes them again, and cannot know what it has missed.
    loseWakes: async () => {
      await execute(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query ILIKE 'listen "headwater"%'`)
      return async () => {}
    },
    begin,
  }
}

describe.skipIf(findPostgres() === undefined).each(Object.entries(WAYS))('a Postgres log over %s', (_, way) => {
  const checks = logChecks(harnessOf(way))
  for (const { name, skip, run } of checks) test.skipIf(skip)(name, run, 20_000)

  // A clock of the engine that is set forward cannot tell milliseconds: it is only for checks that need one.
  const withClock = logChecks({ ...harnessOf(way), clock: { advance: passTime } })
  for (const [index, { name, skip, run }] of withClock.entries()) {
    if (skip === undefined && checks[index]?.skip !== undefined) test(name, run, 20_000)
  }
})
