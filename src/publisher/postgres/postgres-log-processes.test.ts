import { Pool } from 'pg'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { findPostgres, PostgresServer } from '../../../test/tools/postgres-server.ts'
import { ScriptProcess } from '../../../test/tools/script-process.ts'
import { formatId } from '../position.ts'
import { PostgresLog } from './postgres-log.ts'

const ALL = { records: 1e6, bytes: 1e9 }
const COUNT = 300

interface Line {
  readonly acknowledged?: string
  readonly seen?: string
  readonly event: string
}

let server: PostgresServer
let pool: Pool
let log: PostgresLog
let processes: ScriptProcess[]

beforeEach(async () => {
  if (findPostgres() === undefined) return
  server = await PostgresServer.start({ fsync: true })
  pool = new Pool({ connectionString: server.url })
  pool.on('error', () => {})
  log = new PostgresLog(pool)
  processes = []
})

afterEach(async () => {
  await Promise.all(processes.map((process) => process.kill()))
  await log.close()
  await pool.end()
  await server.stop()
})

function run(...args: ConstructorParameters<typeof ScriptProcess>): ScriptProcess {
  const process = new ScriptProcess(...args)
  processes.push(process)
  return process
}

const acknowledgedBy = ({ lines }: ScriptProcess): Line[] =>
  (lines as Line[]).filter(({ acknowledged }) => acknowledged !== undefined)
const seenBy = ({ lines }: ScriptProcess): Line[] => (lines as Line[]).filter(({ seen }) => seen !== undefined)
const numbered = (name: string): string[] => Array.from({ length: COUNT }, (_, index) => `${name}/${index + 1}`)

describe.skipIf(findPostgres() === undefined)(
  'processes that publish while Postgres is killed',
  { timeout: 90_000 },
  () => {
    test('lose nothing that was acknowledged, append each key once, and see one order', async () => {
      const [head] = await log.heads(['c'])
      const start = formatId(head?.position as NonNullable<typeof head>['position'])
      const [one, two] = [
        run('publish-to-postgres.ts', server.url, 'pg', 'a', String(COUNT), start, String(2 * COUNT)),
        run('publish-to-postgres.ts', server.url, 'postgres.js', 'b', String(COUNT), start, String(2 * COUNT)),
      ]
      for (const [part, signal] of [
        [0.2, 'SIGKILL'],
        [0.5, 'SIGQUIT'],
        [0.8, 'SIGKILL'],
      ] as const) {
        const isThere = () =>
          expect(processes.some((process) => acknowledgedBy(process).length >= part * COUNT)).toBe(true)
        await vi.waitFor(isThere, { timeout: 30_000, interval: 5 })
        await server.kill(signal)
        await server.restart()
      }
      expect(await Promise.all(processes.map(({ ended }) => ended))).toEqual([0, 0])

      const { records } = await log.read('c', 'start', ALL)
      expect(records.map(({ offset }) => offset)).toEqual(Array.from({ length: 2 * COUNT }, (_, index) => index + 1))
      const stored = records.map(({ offset, tag, data }) => ({
        seen: formatId({ epoch: head?.position.epoch as string, offset, tag }),
        event: JSON.parse(data).json.event,
      }))
      for (const process of [one, two]) expect(seenBy(process)).toEqual(stored)
      for (const [process, name] of [
        [one, 'a'],
        [two, 'b'],
      ] as const) {
        const own = stored.filter(({ event }) => event.startsWith(`${name}/`))
        expect(own.map(({ event }) => event)).toEqual(numbered(name))
        expect(acknowledgedBy(process).map(({ acknowledged: seen, event }) => ({ seen, event }))).toEqual(own)
      }
    })
  },
)

describe.skipIf(findPostgres() === undefined)(
  "an append inside the caller's own transaction",
  { timeout: 60_000 },
  () => {
    test('is there if and only if the rest of it is, when the process is killed around its commits', async () => {
      await log.migrate()
      await pool.query('CREATE TABLE orders (number serial, name text)')
      for (const round of [1, 2, 3]) {
        const process = run('transact-with-postgres.ts', server.url, 'c', String(round))
        await vi.waitFor(() => expect(process.lines.length).toBeGreaterThanOrEqual(10 * round), 20_000)
        await process.kill()
      }
      // What the last one was about is rolled back or committed once the server has noticed.
      const open = `SELECT FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND state <> 'idle' AND backend_type = 'client backend'`
      await vi.waitFor(async () => expect((await pool.query(open)).rows).toEqual([]), 20_000)
      const { rows } = await pool.query('SELECT name FROM orders ORDER BY number')
      const { records } = await log.read('c', 'start', ALL)
      expect(records.map(({ data }) => data)).toEqual(rows.map(({ name }) => name))
      expect(rows.length).toBeGreaterThanOrEqual(processes.flatMap(({ lines }) => lines).length)
    })
  },
)
