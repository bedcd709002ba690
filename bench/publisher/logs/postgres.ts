import pg from 'pg'
import { toArray } from '../../../src/publisher/postgres/channel-key.ts'
import { PostgresLog } from '../../../src/publisher/postgres/postgres-log.ts'
import { statementsFor } from '../../../src/publisher/postgres/statements.ts'
import { PostgresServer } from '../../../test/tools/postgres-server.ts'
import type { Contender, LogCase } from '../contender.ts'
import { headwater } from '../headwater.ts'
import { encode, idOf, inTime, LIMITS, newEpoch, newTag, type Place, receiver } from './by-hand.ts'

const POOL = { max: 10 }

/** The log's own statements, prepared and each with a limit of time; what is new is notified of every 5 ms. */
async function bare(url: string): Promise<Contender> {
  const [writers, readers] = [
    new pg.Pool({ connectionString: url, ...POOL }),
    new pg.Pool({ connectionString: url, ...POOL }),
  ]
  await new PostgresLog(writers, { schema: 'bare' }).migrate()
  const { append, create, read, notify } = statementsFor('bare')
  const query = async (pool: pg.Pool, name: string, text: string, values: unknown[]): Promise<any[][]> =>
    (await inTime(pool.query({ name, text, values, rowMode: 'array' }))).rows
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
      const tag = newTag()
      const limits = [LIMITS.milliseconds / 1000, LIMITS.events, '4000ms']
      const values = [channel, toArray([encode(event)]), 1, tag, ...limits]
      let rows = await query(writers, 'append', append, values)
      if (rows.length === 0) {
        await query(writers, 'create', create, [toArray([channel]), toArray([newEpoch()])])
        rows = await query(writers, 'append', append, values)
      }
      dirty.add(channel)
      if (!isTelling) void tell()
      const [epoch, before] = rows[0] as [string, string]
      return { id: idOf({ epoch, offset: Number(before) + 1, tag }), duplicate: false }
    },
    subscribe: async (channel, onEvent) => {
      await query(readers, 'create', create, [toArray([channel]), toArray([newEpoch()])])
      const receive = receiver(onEvent)
      let newest: Place | undefined
      let isReading = false
      let isWoken = false
      const page = async (): Promise<void> => {
        isWoken = true
        if (isReading) return
        isReading = true
        while (isWoken) {
          isWoken = false
          const rows = await query(readers, 'read', read, [channel, newest?.offset ?? 0, 256, 262_144])
          if (newest !== undefined && rows[0]?.[5] !== newest.tag) throw new Error('This is another history')
          for (const [epoch, , , , , , offset, tag, data] of rows) {
            if (offset === null) continue
            newest = { epoch, offset: Number(offset), tag }
            receive(newest, data)
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
