import type { EventLog } from '../../../src/publisher/event-log.ts'
import { MemoryLog } from '../../../src/publisher/memory-log.ts'
import { NatsLog } from '../../../src/publisher/nats/nats-log.ts'
import { PostgresLog } from '../../../src/publisher/postgres/postgres-log.ts'
import { RedisLog } from '../../../src/publisher/redis/redis-log.ts'
import { openDatabase } from '../../../src/publisher/sqlite/driver.ts'
import { SqliteLog } from '../../../src/publisher/sqlite/sqlite-log.ts'
import { KEYS_KEPT, type LogSetting, PACE } from './commands.ts'

export interface OpenedLog {
  readonly log: EventLog<any>
  /** Runs work in a transaction of the caller's own, which it commits or rolls back; for logs that can. */
  transact?(work: (transaction: unknown) => Promise<void>, end: 'commit' | 'rollback'): Promise<void>
  close(): Promise<void>
}

/** Opens a log as its users would, with clients that connect again; only its own client is loaded. */
export const LOGS: Readonly<Record<LogSetting['name'], (setting: LogSetting) => Promise<OpenedLog>>> = {
  async memory() {
    const log = new MemoryLog({ idempotencySeconds: KEYS_KEPT })
    return { log, close: () => log.close() }
  },

  async sqlite({ place }) {
    const log = new SqliteLog({ path: place, durability: 'normal', idempotencySeconds: KEYS_KEPT, lockTimeout: 2000 })
    await log.open()
    const own = await openDatabase(place)
    own.exec('PRAGMA busy_timeout = 2000')
    return {
      log,
      async transact(work, end) {
        own.exec('BEGIN IMMEDIATE')
        try {
          await work(own)
        } catch (error) {
          own.exec('ROLLBACK')
          throw error
        }
        own.exec(end === 'commit' ? 'COMMIT' : 'ROLLBACK')
      },
      async close() {
        await log.close()
        own.close()
      },
    }
  },

  async redis({ place, space }) {
    const { createClient } = await import('redis')
    const client = createClient({ url: place, socket: { reconnectStrategy: 50 } })
    client.on('error', () => {})
    await client.connect()
    const stop = watchOver(client)
    const log = new RedisLog(client, {
      prefix: `${space}:`,
      survives: 'power-loss',
      copies: 'one',
      idempotencySeconds: KEYS_KEPT,
      timeout: PACE.logTimeout,
      onWarning: () => {},
    })
    return {
      log,
      async close() {
        stop()
        await log.close()
        client.destroy()
      },
    }
  },

  async postgres({ place, space }) {
    const { default: pg } = await import('pg')
    // Who leaves a transaction open on a dead connection holds its channel until Postgres ends that.
    const limits = { query_timeout: 2 * PACE.logTimeout, idle_in_transaction_session_timeout: 2 * PACE.logTimeout }
    const pool = new pg.Pool({
      connectionString: place,
      max: 6,
      connectionTimeoutMillis: 2000,
      ...limits,
    })
    pool.on('error', () => {}).on('connect', (client) => client.on('error', () => {}))
    const log = new PostgresLog(pool, {
      schema: space,
      idempotencySeconds: KEYS_KEPT,
      sweepSeconds: 1,
      queryTimeout: PACE.logTimeout,
      lockTimeout: PACE.logTimeout / 2,
      onWarning: () => {},
    })
    await persistently(() => log.migrate())
    return {
      log,
      async transact(work, end) {
        const client = await pool.connect()
        let broken: Error | boolean = true
        try {
          await client.query('BEGIN')
          await work(client)
          await client.query(end === 'commit' ? 'COMMIT' : 'ROLLBACK')
          broken = false
        } finally {
          client.release(broken)
        }
      },
      async close() {
        await log.close()
        await pool.end()
      },
    }
  },

  async nats({ place, space, retention }) {
    const { jetstream } = await import('@nats-io/jetstream')
    const { connect } = await import('@nats-io/transport-node')
    const connection = await connect({
      servers: place,
      reconnectTimeWait: 50,
      maxReconnectAttempts: -1,
      waitOnFirstConnect: true,
      pingInterval: PACE.logTimeout / 2,
      timeout: PACE.logTimeout,
    })
    const log = new NatsLog(connection, {
      jetstream: jetstream(connection),
      stream: space,
      retentionSeconds: retention.seconds ?? 600,
      timeout: PACE.logTimeout,
    })
    await persistently(() => log.open())
    return {
      log,
      async close() {
        await log.close()
        await connection.close()
      },
    }
  },
}

/** node-redis does not notice that a connection is dead which takes all that is written to it. */
function watchOver(client: { ping(): Promise<unknown>; destroy(): void; connect(): Promise<unknown> }): () => void {
  let isAnswered = true
  const timer = setInterval(() => {
    if (!isAnswered) {
      client.destroy()
      client.connect().catch(() => {})
    }
    isAnswered = false
    const answered = (): void => {
      isAnswered = true
    }
    // Connecting again is under way when it fails.
    client.ping().then(answered, answered)
  }, 2 * PACE.logTimeout)
  return () => clearInterval(timer)
}

/** A process may start while its log is away. */
async function persistently(open: () => Promise<unknown>): Promise<void> {
  for (;;) {
    try {
      await open()
      return
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}
