import pg from 'pg'
import { randomToken } from '../../../src/core/random-token.ts'
import { toArray } from '../../../src/publisher/postgres/channel-key.ts'
import { PostgresLog } from '../../../src/publisher/postgres/postgres-log.ts'
import { statementsFor } from '../../../src/publisher/postgres/statements.ts'
import { PostgresServer } from '../../../test/tools/postgres-server.ts'
import type { Contender, LogCase } from '../contender.ts'
import { headwater } from '../headwater.ts'

const POOL = { max: 10 }

/** The log's own statements; what is new is notified of every 5 ms. */
async function bare(url: string): Promise<Contender> {
  const [writers, readers] = [
    new pg.Pool({ connectionString: url, ...POOL }),
    new pg.Pool({ connectionString: url, ...POOL }),
  ]
  await new PostgresLog(writers, { schema: 'bare' }).migrate()
  const { append, create, read, notify } = statementsFor('bare')
  const query = async (pool: pg.Pool, name: string, text: string, values: unknown[]): Promise<any[][]> =>
    (await pool.query({ name, text, values, rowMode: 'array' })).rows
  const listener = await readers.connect()
  await listener.query('LISTEN bare')
  const wakes = new Map<string, () => void>()
  listener.on('notification', ({ payload = '' }) => {
    for (const channel of payload.split('\n')) wakes.get(channel)?.()
  })
  const dirty = new Set<string>()
  let isTelling = false
  const tell = async (): Promise<void> => {
    isTelling = true
    while (dirty.size > 0) {
      const payload = [...dirty].join('\n')
      dirty.clear()
      await query(writers, 'notify', notify, [toArray([payload])])
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    isTelling = false
  }
  return {
    publish: async (channel, event) => {
      const values = [channel, toArray([JSON.stringify({ json: event })]), 1, randomToken(6), 300, 10_000, '4000ms']
      const rows = await query(writers, 'append', append, values)
      if (rows.length === 0) {
        await query(writers, 'create', create, [toArray([channel]), toArray([randomToken(12)])])
        await query(writers, 'append', append, values)
      }
      dirty.add(channel)
      if (!isTelling) void tell()
    },
    subscribe: async (channel, onEvent) => {
      await query(readers, 'create', create, [toArray([channel]), toArray([randomToken(12)])])
      let after = 0
      let isReading = false
      let isWoken = false
      const page = async (): Promise<void> => {
        isWoken = true
        if (isReading) return
        isReading = true
        while (isWoken) {
          isWoken = false
          for (const row of await query(readers, 'read', read, [channel, after, 256, 262_144])) {
            if (row[6] === null) continue
            after = Number(row[6])
            onEvent(JSON.parse(row[8]).json)
          }
        }
        isReading = false
      }
      await page()
      wakes.set(channel, () => void page())
    },
  }
}

export const postgres: LogCase = {
  start: () => PostgresServer.start({ fsync: true }),
  contenders: {
    headwater: async (url) => {
      const open = () => new PostgresLog(new pg.Pool({ connectionString: url, ...POOL }), { onWarning: () => {} })
      const logs = [open(), open()] as const
      await logs[0].migrate()
      return headwater(...logs)
    },
    bare,
  },
}
