import { Pool } from 'pg'
import postgres from 'postgres'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { findPostgres, PostgresServer } from '../../../test/tools/postgres-server.ts'
import { later, rejection } from '../../../test/tools/probes.ts'
import type { PostgresClient, PostgresTransaction } from './clients.ts'
import { PostgresLog, type PostgresLogOptions } from './postgres-log.ts'
import { createTables } from './schema.ts'

let server: PostgresServer
let pool: Pool
let log: PostgresLog
let opened: { close(): Promise<void> }[]
let warnings: string[]

const useLog = (options: PostgresLogOptions = {}, client: PostgresClient = pool): PostgresLog => {
  log = new PostgresLog(client, { sweepSeconds: 3600, onWarning: (message) => warnings.push(message), ...options })
  opened.push(log)
  return log
}

const append = (data: string, { to = log, channel = 'c', ...options }: AppendSettings = {}) =>
  to.append(channel, [{ data }], { retention: {}, ...options })

interface AppendSettings {
  readonly to?: PostgresLog
  readonly channel?: string
  readonly idempotencyKey?: string
  readonly transaction?: PostgresTransaction
}

const stored = async (channel = 'c') =>
  (await log.read(channel, 'start', { records: 1e5, bytes: 1e9 })).records.map(({ data }) => data)

async function begin(how = 'BEGIN') {
  const client = await pool.connect()
  client.on('error', () => {})
  await client.query(how)
  const end = async (how: string) => {
    await client.query(how)
    client.release()
  }
  return { client, end }
}

beforeAll(async () => {
  if (findPostgres() === undefined) return
  server = await PostgresServer.start()
  pool = new Pool({ connectionString: server.url, max: 20 })
  pool.on('error', () => {})
})

beforeEach(async () => {
  opened = []
  warnings = []
  if (findPostgres() !== undefined) await useLog().migrate()
})

afterEach(async () => {
  for (const one of opened) await one.close()
  await pool?.query('DROP SCHEMA IF EXISTS headwater CASCADE')
})

afterAll(async () => {
  await pool?.end()
  await server?.stop()
})

describe.skipIf(findPostgres() === undefined)('a Postgres log', { timeout: 20_000 }, () => {
  test('gives up an append that waits too long for the transaction of another one, and has appended nothing', async () => {
    await append('1')
    const { client, end } = await begin()
    await append('2', { transaction: client })
    useLog({ lockTimeout: 50 })
    const error = await rejection(append('3'))
    expect(error).toMatchObject({ code: 'SERVICE_UNAVAILABLE', message: expect.stringContaining('held the channel') })
    expect(await stored()).toEqual(['1'])
    await end('COMMIT')
    await append('4')
    expect(await stored()).toEqual(['1', '2', '4'])
  })

  test.each(['pg', 'postgres.js'])(
    'says of an append without an answer in time that it is unknown: %s',
    async (driver) => {
      const sql = postgres(server.url, { max: 2, onnotice: () => {} })
      await append('1')
      const { client, end } = await begin()
      await append('2', { transaction: client })
      useLog({ queryTimeout: 300, lockTimeout: 10_000 }, driver === 'pg' ? pool : sql)
      expect(await rejection(append('3', { idempotencyKey: 'k' }))).toMatchObject({ code: 'APPEND_UNKNOWN' })
      await end('COMMIT')
      await append('3', { idempotencyKey: 'k' })
      expect(await stored()).toEqual(['1', '2', '3'])
      await log.close()
      await sql.end()
    },
  )

  test.each(['pg', 'postgres.js'])('tells an append that was lost from one that was never sent: %s', async (driver) => {
    const own = await PostgresServer.start()
    const ownPool = new Pool({ connectionString: own.url })
    ownPool.on('error', () => {})
    const sql = postgres(own.url, { onnotice: () => {} })
    try {
      useLog({ lockTimeout: 10_000 }, driver === 'pg' ? ownPool : sql)
      await append('1')
      const holder = await ownPool.connect()
      holder.on('error', () => {})
      await holder.query('BEGIN; UPDATE headwater.channels SET head = head')
      const waiting = later(append('2'))
      const isWaiting = `SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock'`
      await vi.waitFor(async () => expect((await holder.query(isWaiting)).rows).toHaveLength(1), 5000)
      await own.kill()
      holder.release(true)
      expect(await rejection(waiting)).toMatchObject({ code: 'APPEND_UNKNOWN' })
      expect(await rejection(append('3'))).toMatchObject({ code: 'SERVICE_UNAVAILABLE' })
      await own.restart()
      await vi.waitFor(() => append('4'), 5000)
      expect(await stored()).toEqual(['1', '4'])
    } finally {
      await log.close()
      await ownPool.end()
      await sql.end({ timeout: 1 })
      await own.stop()
    }
  })

  test('refuses tables of another version', async () => {
    await pool.query('UPDATE headwater.log SET version = 2')
    const error = await rejection(useLog().migrate())
    expect(error.message).toMatch(/version 2.*knows version 1/)
  })

  test('warns where the server does not keep what it acknowledges', async () => {
    expect(warnings).toEqual([expect.stringContaining('fsync is off')])
  })

  test('makes its tables once, however many begin at the same time, also without the right to make a schema', async () => {
    await pool.query('DROP SCHEMA headwater CASCADE; DROP ROLE IF EXISTS app')
    await Promise.all(Array.from({ length: 5 }, () => useLog().migrate()))
    await pool.query(`DROP SCHEMA headwater CASCADE; CREATE ROLE app LOGIN; CREATE SCHEMA headwater AUTHORIZATION app`)
    const app = new Pool({ connectionString: server.url.replace('postgres@', 'app@') })
    useLog({}, app)
    await append('1')
    expect(await stored()).toEqual(['1'])
    await log.close()
    await app.end()
  })

  test('takes tables that were made by its SQL, in the schema that it is told', async () => {
    await pool.query('DROP SCHEMA IF EXISTS "Other" CASCADE')
    await pool.query(createTables('Other'))
    useLog({ schema: 'Other' })
    await append('1')
    expect(await stored()).toEqual(['1'])
    expect(() => useLog({ schema: 'a"b' })).toThrow(RangeError)
  })

  test('needs a second connection to listen', () => {
    const single = new Pool({ max: 1 })
    expect(() => new PostgresLog(single)).toThrow('2 or more')
    expect(() => new PostgresLog(single, { listen: false })).not.toThrow()
    expect(() => new PostgresLog(single, { listen: pool })).not.toThrow()
  })

  test('wakes for channels with names that no index and no notification could hold', async () => {
    const names = ['x'.repeat(100_000), `${'x'.repeat(99_999)}y`, 'a\0b', '\ud800', '\udfff']
    const woken: unknown[] = []
    const watch = await log.watch((channel) => woken.push(channel))
    for (const name of names) await watch.add(name)
    const other = useLog()
    for (const [index, name] of names.entries()) await append(String(index), { to: other, channel: name })
    await vi.waitFor(() => expect(new Set(woken)).toEqual(new Set(names)), 5000)
    for (const [index, name] of names.entries()) expect(await stored(name)).toEqual([String(index)])
  })

  test('listens by another client than it appends by, also one of the other kind', async () => {
    const [straight, sql] = [new Pool({ connectionString: server.url, max: 1 }), postgres(server.url)]
    try {
      for (const listen of [straight, sql]) {
        const listening = useLog({ listen })
        const woken = vi.fn()
        const watch = await listening.watch(woken)
        await watch.add('c')
        await append('1', { to: useLog({}, sql) })
        await vi.waitFor(() => expect(woken.mock.calls.flat()).toContain('c'), 5000)
        await listening.close()
      }
      await log.close()
    } finally {
      await Promise.all([straight.end(), sql.end()])
    }
  })

  test('sends the wake-up of its last append when it is closed at once', async () => {
    const woken: unknown[] = []
    const watch = await log.watch((channel) => woken.push(channel))
    await watch.add('last')
    const other = useLog()
    for (const channel of ['first', 'last']) await append('1', { to: other, channel })
    await other.close()
    await vi.waitFor(() => expect(woken).toContain('last'), 5000)
  })

  test('rotates the epochs of all channels: who resumes gets a gap', async () => {
    const { last } = await append('1')
    await log.rotateEpoch()
    const error = await rejection(log.read('c', last, { records: 9, bytes: 999 }))
    expect(error).toMatchObject({ code: 'EVENT_GAP', data: { reason: 'epoch' } })
    expect((await append('2')).first).toMatchObject({ offset: 2 })
    expect(await stored()).toEqual(['1', '2'])
  })

  test('sweeps by itself, and forgets a channel that is empty unless somebody watches it', async () => {
    const sweeping = useLog({ sweepSeconds: 0.05, forgetSeconds: 60 })
    const watch = await sweeping.watch(() => {})
    await watch.add('watched')
    await log.heads(['watched'])
    await log.append('c', [{ data: '1' }, { data: '2' }], { retention: { events: 1 } })
    await vi.waitFor(async () => expect(await stored()).toEqual(['2']), 5000)
    await log.append('c', [{ data: '3' }], { retention: { events: 0 } })
    const before = await log.heads(['watched', 'c'])
    await pool.query(`UPDATE headwater.channels SET used = used - interval '30 seconds'`)
    const used = `SELECT extract(epoch FROM now() - used)::int AS age FROM headwater.channels WHERE name = 'watched'`
    await vi.waitFor(async () => expect((await pool.query(used)).rows[0].age).toBeLessThan(20), 5000)
    await pool.query(`UPDATE headwater.channels SET used = used - interval '31 seconds'`)
    const names = async () => (await pool.query('SELECT name FROM headwater.channels')).rows.map(({ name }) => name)
    await vi.waitFor(async () => expect(await names()).toEqual(['watched']), 5000)
    const after = await log.heads(['watched', 'c'])
    expect(after[0]).toEqual(before[0])
    expect(after[1]?.position.epoch).not.toBe(before[1]?.position.epoch)
  })

  test('trims under load no record that is to be kept, and leaves none behind', async () => {
    const [count, kept] = [300, 10]
    let appended = 0
    const writers = Array.from({ length: 4 }, async () => {
      for (let number = 0; number < count; number++) {
        await log.append('c', [{ data: 'x' }], { retention: { events: kept } })
        appended++
      }
    })
    const sweepers = Array.from({ length: 2 }, async () => {
      while (appended < 4 * count) {
        await log.sweep()
        const { records, position, trimmed } = await log.read('c', 'start', { records: 1e5, bytes: 1e9 })
        expect(records.length).toBe(position.offset - trimmed)
        expect(records.length).toBeGreaterThanOrEqual(Math.min(kept, position.offset))
      }
    })
    await Promise.all([...writers, ...sweepers])
    await log.sweep()
    const { rows } = await pool.query('SELECT count(*)::int AS count, min(place)::int AS first FROM headwater.records')
    expect(rows[0]).toEqual({ count: kept, first: 4 * count - kept + 1 })
  })

  test('expires keys in its sweeps', async () => {
    await append('1', { idempotencyKey: 'k' })
    await pool.query(`UPDATE headwater.keys SET expires = now() - interval '1 second'`)
    await log.sweep()
    expect((await pool.query('SELECT FROM headwater.keys')).rows).toEqual([])
  })
})

describe.skipIf(findPostgres() === undefined)("the caller's transaction", { timeout: 20_000 }, () => {
  test('wakes other processes by its commit, and not before', async () => {
    const woken = vi.fn()
    const watch = await log.watch(woken)
    await watch.add('c')
    await append('1', { to: useLog() })
    await vi.waitFor(() => expect(woken).toHaveBeenCalledTimes(1), 5000)
    const { client, end } = await begin()
    await append('2', { transaction: client })
    await append('3', { to: useLog(), channel: 'elsewhere' })
    expect(woken).toHaveBeenCalledTimes(1)
    await end('COMMIT')
    await vi.waitFor(() => expect(woken).toHaveBeenCalledTimes(2), 5000)
  })

  test('is told as the driver says it that it has to be begun again: after another append under REPEATABLE READ', async () => {
    await append('1')
    const { client, end } = await begin('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1')
    await append('2')
    expect(await rejection(append('3', { transaction: client }))).toMatchObject({ code: '40001' })
    await end('ROLLBACK')
    const again = await begin('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1')
    expect(await rejection(append('1', { channel: 'new', transaction: again.client }))).toMatchObject({ code: '40001' })
    await again.end('ROLLBACK')
    expect(await stored()).toEqual(['1', '2'])
  })

  test('is told as the driver says it of a deadlock with one that appends to the same channels in another order', async () => {
    await log.heads(['a', 'b'])
    const [one, two] = [await begin(), await begin()]
    await append('1', { channel: 'a', transaction: one.client })
    await append('1', { channel: 'b', transaction: two.client })
    const outcomes = await Promise.allSettled([
      append('2', { channel: 'b', transaction: one.client }).then(() => one.end('COMMIT')),
      append('2', { channel: 'a', transaction: two.client }).then(() => two.end('COMMIT')),
    ])
    expect(outcomes.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: '40P01' } })
    const loser = outcomes[0]?.status === 'rejected' ? one : two
    await loser.end('ROLLBACK')
    expect([await stored('a'), await stored('b')].map(({ length }) => length)).toEqual([1, 1])
  })

  test('keeps its own lock_timeout', async () => {
    const { client, end } = await begin(`BEGIN; SET LOCAL lock_timeout = '1234ms'`)
    await append('1', { transaction: client })
    await append('2', { transaction: client, idempotencyKey: 'k' })
    expect((await client.query('SHOW lock_timeout')).rows).toEqual([{ lock_timeout: '1234ms' }])
    await end('COMMIT')
  })
})
