import { DurableObject } from 'cloudflare:workers'
import { DurableObjectLog } from '../../../src/publisher/durable-object/index.ts'
import { type LogHarness, logChecks } from '../../../src/testing/index.ts'

const TABLES = ['log', 'channels', 'records', 'keys'].map((name) => `headwater_${name}`)

/** Runs one check of the log's suite on its own database. */
export class LogSuite extends DurableObject {
  #now = 1_000_000

  async fetch(request: Request): Promise<Response> {
    const name = new URL(request.url).searchParams.get('check')
    const check = logChecks(this.#harness()).find((check) => check.name === name)
    try {
      await check?.run()
      return new Response(check?.skip ?? 'ok')
    } catch (error) {
      return new Response(String((error as Error).stack), { status: 500 })
    }
  }

  alarm(): void {}

  #harness(): LogHarness {
    const { storage } = this.ctx
    return {
      capabilities: new DurableObjectLog(storage).capabilities,
      createLog: async () => new DurableObjectLog(storage, { now: () => this.#now }),
      clock: {
        advance: (milliseconds) => {
          this.#now += milliseconds
        },
      },
      sweep: () => new DurableObjectLog(storage, { now: () => this.#now }).sweep(),
      loseHistory: async () => {
        await storage.deleteAll()
      },
      backUp: async () => {
        const rows = TABLES.map((table) => storage.sql.exec(`SELECT * FROM ${table}`).toArray())
        return async () => {
          for (const [index, table] of TABLES.entries()) {
            storage.sql.exec(`DELETE FROM ${table}`)
            for (const row of rows[index] ?? []) {
              const values = Object.values(row)
              storage.sql.exec(`INSERT INTO ${table} VALUES (${values.map(() => '?').join()})`, ...values)
            }
          }
        }
      },
    }
  }
}
