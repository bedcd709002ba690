import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { ScriptProcess } from '../../../test/tools/script-process.ts'
import { openDatabase } from './driver.ts'
import { SqliteLog } from './sqlite-log.ts'

const ALL = { records: 1e6, bytes: 1e9 }

interface Acknowledged {
  readonly data: string
  readonly offset: number
  readonly tag: string
}

let folder: string
let path: string
let processes: ScriptProcess[]

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'headwater-sqlite-'))
  path = join(folder, 'log.db')
  processes = []
})

afterEach(async () => {
  await Promise.all(processes.map((process) => process.kill()))
  rmSync(folder, { recursive: true })
})

function run(...args: ConstructorParameters<typeof ScriptProcess>): ScriptProcess {
  const process = new ScriptProcess(...args)
  processes.push(process)
  return process
}

const append = (name: string, count: number, durability = 'normal'): ScriptProcess =>
  run('append-to-sqlite.ts', path, durability, 'c', name, String(count))

async function stored(): Promise<Acknowledged[]> {
  const log = new SqliteLog({ path })
  const { records } = await log.read('c', 'start', ALL)
  await log.close()
  return records.map(({ data, offset, tag }) => ({ data, offset, tag }))
}

const acknowledgedBy = ({ lines }: ScriptProcess): Acknowledged[] =>
  (lines as Acknowledged[]).map(({ data, offset, tag }) => ({ data, offset, tag }))

describe('processes that append to one file', { timeout: 60_000 }, () => {
  test('lose nothing, leave no holes and keep the order of each, and the watch of another is woken', async () => {
    const log = new SqliteLog({ path })
    let wakes = 0
    const watch = await log.watch(() => wakes++)
    await watch.add('c')
    const appenders = ['a', 'b', 'c', 'd'].map((name) => append(name, 200))
    expect(await Promise.all(appenders.map(({ ended }) => ended))).toEqual([0, 0, 0, 0])
    const records = await stored()
    expect(records.map(({ offset }) => offset)).toEqual(Array.from({ length: 800 }, (_, index) => index + 1))
    for (const [index, name] of ['a', 'b', 'c', 'd'].entries()) {
      const own = records.filter(({ data }) => data.startsWith(`${name}/`))
      expect(own).toEqual(acknowledgedBy(appenders[index] as ScriptProcess))
      expect(own.map(({ data }) => data)).toEqual(Array.from({ length: 200 }, (_, number) => `${name}/${number + 1}`))
    }
    expect(wakes).toBeGreaterThan(0)
    await log.close()
  })

  test.each(['full', 'normal'])('and are killed have lost nothing that was acknowledged: %s', async (durability) => {
    for (const round of [1, 2, 3]) {
      const appenders = ['a', 'b'].map((name) => append(`${round}${name}`, 1e6, durability))
      await vi.waitFor(() => expect(appenders.every(({ lines }) => lines.length >= 20 * round)).toBe(true), 20_000)
      await Promise.all(appenders.map((process) => process.kill()))
    }
    const records = await stored()
    expect(records.map(({ offset }) => offset)).toEqual(records.map((_, index) => index + 1))
    const there = new Map(records.map((record) => [record.data, record]))
    const acknowledged = processes.flatMap(acknowledgedBy)
    expect(acknowledged.length).toBeGreaterThan(200)
    for (const record of acknowledged) expect(there.get(record.data)).toEqual(record)
    // What was on its way when the process died is at most one record of each.
    expect(records.length - acknowledged.length).toBeLessThanOrEqual(processes.length)
  })
})

describe("an append inside the caller's own transaction", { timeout: 60_000 }, () => {
  test('is there if and only if the rest of it is, when the process is killed around its commits', async () => {
    for (const round of [1, 2, 3]) {
      const process = run('transact-with-sqlite.ts', path, 'c')
      await vi.waitFor(() => expect(process.lines.length).toBeGreaterThanOrEqual(10 * round), 20_000)
      await process.kill()
    }
    const database = await openDatabase(path)
    const orders = database.prepare('SELECT number FROM orders ORDER BY rowid').all()
    database.close()
    expect((await stored()).map(({ data }) => Number(data))).toEqual(orders.map(({ number }) => number))
    expect(orders.length).toBeGreaterThanOrEqual(processes.flatMap(({ lines }) => lines).length)
  })
})
