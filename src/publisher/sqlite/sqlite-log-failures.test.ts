import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { later, outcome, rejection } from '../../../test/tools/probes.ts'
import { explain, type SqliteDatabase, transact } from './database.ts'
import { openDatabase } from './driver.ts'
import { openLog } from './open-log.ts'
import { SqliteLog, type SqliteLogOptions } from './sqlite-log.ts'

let folder: string
let path: string
let log: SqliteLog
let opened: { close(): unknown }[]

/** The log that the test is about, closed after it. */
function useLog(options: Partial<SqliteLogOptions> = {}): SqliteLog {
  log = new SqliteLog({ path, durability: 'normal', ...options })
  opened.push(log)
  return log
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'headwater-sqlite-'))
  path = join(folder, 'log.db')
  opened = []
  useLog({ lockTimeout: 50 })
})

afterEach(async () => {
  for (const one of opened) await one.close()
  rmSync(folder, { recursive: true })
})

async function connect(to: string = path): Promise<SqliteDatabase> {
  const database = await openDatabase(to)
  opened.push(database)
  return database
}

const append = (data: string, to: SqliteLog = log) => to.append('c', [{ data }], { retention: {} })
const stored = async () => (await log.read('c', 'start', { records: 1000, bytes: 1e9 })).records.map(({ data }) => data)

describe('a database that somebody else has locked', () => {
  test('is waited for without stopping the process, so that who is in it can let go', async () => {
    await append('1')
    const holder = await connect()
    holder.exec('BEGIN IMMEDIATE')
    useLog({ lockTimeout: 5000 })
    const pending = append('2')
    expect(await outcome(pending)).toBe('pending')
    expect(await stored()).toEqual(['1'])
    holder.exec('COMMIT')
    expect((await pending).first.offset).toBe(2)
  })

  test('is given up after a while, with an error that says so, and can be used later', async () => {
    await append('1')
    const holder = await connect()
    holder.exec('BEGIN IMMEDIATE')
    const error = await rejection(append('2'))
    expect(error).toMatchObject({ code: 'SERVICE_UNAVAILABLE', message: expect.stringContaining('locked') })
    expect(error.message).not.toContain(folder)
    holder.exec('COMMIT')
    await append('3')
    expect(await stored()).toEqual(['1', '3'])
  })

  test('is not waited for any longer when the log is closed', async () => {
    await append('1')
    const holder = await connect()
    holder.exec('BEGIN IMMEDIATE')
    useLog({ lockTimeout: 60_000 })
    const pending = later(append('2'))
    await outcome(pending)
    await log.close()
    expect(await rejection(pending)).toMatchObject({ message: 'The log was closed' })
  })
})

describe('a file', () => {
  test('that is no database is refused, and tried again by the next call', async () => {
    writeFileSync(path, 'I am a text, and longer than the header of a database. '.repeat(40))
    for (const call of [() => log.open(), () => append('1'), () => log.heads(['c']), () => log.watch(() => {})]) {
      expect(await rejection(call())).toMatchObject({ message: expect.stringContaining('something else') })
    }
    rmSync(path)
    await append('1')
    expect(await stored()).toEqual(['1'])
  })

  test('of a newer version is refused', async () => {
    await append('1')
    const database = await connect()
    database.exec('UPDATE headwater_log SET version = 2')
    const other = new SqliteLog({ path })
    expect((await rejection(append('2', other))).message).toMatch(/version 2.*knows version 1/)
    await other.close()
  })

  test('is made with its directory', async () => {
    useLog({ path: join(folder, 'not', 'yet', 'log.db') })
    expect((await append('1')).first.offset).toBe(1)
  })

  test('in a directory that cannot be made is refused', async () => {
    writeFileSync(path, '')
    useLog({ path: join(path, 'log.db') })
    expect(await rejection(append('1'))).toMatchObject({ code: expect.stringMatching(/EEXIST|ENOTDIR/) })
  })

  test.each(['', ':memory:'])('is needed: %j is none', (path) => {
    expect(() => new SqliteLog({ path })).toThrow(RangeError)
  })

  test("may have the user's own tables in it, and their version", async () => {
    const database = await connect()
    database.exec('PRAGMA user_version = 7; CREATE TABLE users (name TEXT)')
    await append('1')
    expect(database.prepare('PRAGMA user_version').get()).toEqual({ user_version: 7 })
    expect(await stored()).toEqual(['1'])
  })
})

describe('a disk that is full', () => {
  test('is said to be so, and nothing of the transaction is left', async () => {
    const database = await connect()
    database.exec('CREATE TABLE t (x TEXT); PRAGMA max_page_count = 3')
    const insert = database.prepare('INSERT INTO t VALUES (?)')
    const fill = (): void => {
      insert.run('x')
      insert.run('x'.repeat(100_000))
    }
    let error: unknown
    try {
      transact(database, 'BEGIN IMMEDIATE', fill)
    } catch (thrown) {
      error = explain(thrown)
    }
    expect(error).toMatchObject({ code: 'SERVICE_UNAVAILABLE', message: expect.stringContaining('full') })
    expect(database.prepare('SELECT * FROM t').all()).toEqual([])
  })
})

describe("the caller's transaction", () => {
  const appendIn = (transaction: SqliteDatabase, data: string[] = ['1']) =>
    log.append(
      'c',
      data.map((data) => ({ data })),
      { retention: {}, transaction },
    )

  test('has to be on a connection to the same database', async () => {
    const elsewhere = await connect(join(folder, 'other.db'))
    elsewhere.exec('BEGIN')
    expect((await rejection(appendIn(elsewhere))).message).toContain('not to the database of this log')
    elsewhere.exec('COMMIT')
  })

  test('is needed: on a connection without one the append is one by itself', async () => {
    await log.open()
    await appendIn(await connect(), ['1', '2'])
    expect(await stored()).toEqual(['1', '2'])
  })

  test('that cannot write is told why, and can be tried again', async () => {
    await append('1')
    const caller = await connect()
    caller.exec('BEGIN')
    caller.prepare('SELECT * FROM headwater_records').all()
    await append('2')
    expect(await rejection(appendIn(caller, ['3']))).toMatchObject({ message: expect.stringContaining('locked') })
    caller.exec('ROLLBACK; BEGIN IMMEDIATE')
    await appendIn(caller, ['3'])
    caller.exec('COMMIT')
    expect(await stored()).toEqual(['1', '2', '3'])
  })

  test('keeps what else is in it when the append fails', async () => {
    await append('1')
    const caller = await connect()
    caller.exec('CREATE TABLE t (x TEXT); BEGIN IMMEDIATE; INSERT INTO t VALUES (1)')
    await rejection(log.append('c', [{ data: 'a' }, { data: null as never }], { retention: {}, transaction: caller }))
    caller.exec('COMMIT')
    expect(caller.prepare('SELECT * FROM t').all()).toHaveLength(1)
    expect(await stored()).toEqual(['1'])
  })

  test('wakes, once it has committed, as an append of another process does', async () => {
    const woken = vi.fn()
    const watch = await log.watch(woken)
    await watch.add('c')
    const caller = await connect()
    caller.exec('BEGIN IMMEDIATE')
    await appendIn(caller)
    expect(woken).not.toHaveBeenCalled()
    caller.exec('COMMIT')
    await vi.waitFor(() => expect(woken.mock.calls.flat()).toContain('c'))
  })
})

describe('a channel', () => {
  const DAY = 24 * 3600 * 1000
  let now: number

  beforeEach(() => {
    now = 1_000_000
    useLog({ now: () => now })
  })

  test('without records is forgotten after a week, and begins a new epoch', async () => {
    const { last } = await log.append('c', [{ data: '1' }], { retention: { seconds: 1 }, idempotencyKey: 'k' })
    now += 7 * DAY - 1
    await log.sweep()
    expect((await log.heads(['c']))[0]?.position).toEqual(last)
    now += 1
    await log.sweep()
    expect((await log.heads(['c']))[0]?.position.epoch).not.toBe(last.epoch)
  })

  test('is not forgotten while it has records, or while somebody watches it', async () => {
    const watch = await log.watch(() => {})
    await watch.add('watched')
    const heads = await log.heads(['watched', 'c'])
    const { last } = await append('1')
    for (let day = 0; day < 30; day++) {
      now += DAY
      await log.sweep()
    }
    expect((await log.heads(['watched']))[0]).toEqual(heads[0])
    expect((await log.heads(['c']))[0]?.position).toEqual(last)
  })

  test('whose name has a NUL or half a character in it is no other one', async () => {
    const names = ['a', 'a\0b', 'a\0c', '\ud800', '\udfff', '\ufffd', 'a\\u0000b']
    const watch = await log.watch((name) => woken.push(name as string))
    const woken: string[] = []
    for (const name of names) {
      await watch.add(name)
      await log.append(name, [{ data: JSON.stringify(name) }], { retention: {} })
      const { records } = await log.read(name, 'start', { records: 9, bytes: 999 })
      expect(records.map(({ data }) => data)).toEqual([JSON.stringify(name)])
    }
    expect(woken).toEqual(names)
  })
})

test('an append wakes once: the poll does not wake for it again', async () => {
  const woken: unknown[] = []
  const watch = await log.watch((channel) => woken.push(channel))
  for (const channel of ['c', 'd']) await watch.add(channel)
  for (const data of ['1', '2']) await append(data)
  // A poll that is later than both of them: it finds what is not an append of this log.
  const other = new SqliteLog({ path, durability: 'normal' })
  opened.push(other)
  await other.append('d', [{ data: '1' }], { retention: {} })
  await vi.waitFor(() => expect(woken).toContain('d'))
  expect(woken).toEqual(['c', 'c', 'd'])
})

test('history that was taken back wakes everybody who watches', async () => {
  const woken: unknown[] = []
  const watch = await log.watch((channel) => woken.push(channel))
  await watch.add('c')
  await append('1')
  const database = await connect()
  database.exec("UPDATE headwater_log SET appends = 0; UPDATE headwater_channels SET epoch = 'restored', appended = 0")
  await vi.waitFor(() => expect(woken).toEqual(['c', undefined]))
})

test('limits without end are none', async () => {
  const endless = { seconds: Number.POSITIVE_INFINITY, events: Number.POSITIVE_INFINITY }
  await log.append('c', [{ data: '1' }], { retention: endless })
  await log.sweep()
  expect(await stored()).toEqual(['1'])
})

test.each([
  ['full', 'power-loss', 2],
  ['normal', 'process-kill', 1],
] as const)(
  'durability %s is declared as what it survives and asked of the database',
  async (durability, survives, level) => {
    expect(new SqliteLog({ path, durability }).capabilities.survives).toBe(survives)
    const signal = new AbortController().signal
    const open = await openLog({ path, durability, lockTimeout: 50, pollInterval: 20, signal }, () => {})
    opened.push(open)
    expect(open.writer.prepare('PRAGMA synchronous').get()).toEqual({ synchronous: level })
  },
)
