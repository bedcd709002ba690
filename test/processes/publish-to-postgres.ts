// Publishes to a channel of a PostgresLog and subscribes to it, until it has acknowledged and seen all; what fails is published again
// with its key. Prints { acknowledged } with an id and { seen } with an id and the event:
//   publish-to-postgres.ts <url> <driver> <name> <count> <id to begin behind> <events in all>
import { Pool } from 'pg'
import postgres from 'postgres'
import { PostgresLog } from '../../src/publisher/postgres/postgres-log.ts'
import { Publisher } from '../../src/publisher/publisher.ts'

const [url = '', driver, name = '', count, lastEventId, all] = process.argv.slice(2)
const pool = driver === 'pg' ? new Pool({ connectionString: url }) : undefined
pool?.on('error', () => {})
const sql = pool ?? postgres(url, { onnotice: () => {} })
const log = new PostgresLog(sql, { queryTimeout: 2000, lockTimeout: 1000, onWarning: () => {} })
const publisher = new Publisher<{ c: { event: string } }>(log, { onError: () => {} })
const subscription = publisher.subscribe('c', { lastEventId })

async function publish(): Promise<void> {
  for (let number = 1; number <= Number(count); number++) {
    const event = `${name}/${number}`
    const { id } = await publishUntilKnown(event)
    console.log(JSON.stringify({ acknowledged: id, event }))
  }
}

async function publishUntilKnown(event: string): Promise<{ id: string }> {
  for (;;) {
    try {
      return await publisher.publish('c', { event }, { idempotencyKey: event })
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
}

async function see(): Promise<void> {
  let left = Number(all)
  for await (const { event } of subscription) {
    console.log(JSON.stringify({ seen: subscription['~position'].cursor(), event }))
    if (--left === 0) return
  }
}

await Promise.all([publish(), see()])
await publisher.close()
await log.close()
// A client that Postgres was killed under may leave a socket open.
await Promise.race([sql.end(), new Promise((resolve) => setTimeout(resolve, 1000))])
process.exit()
