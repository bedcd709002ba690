// Appends to a NatsLog, each record with a key and again until it is acknowledged, and prints the place of each:
//   append-to-nats.ts <url> <channel> <name> <count>
import { jetstream } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { NatsLog } from '../../src/publisher/nats/nats-log.ts'

const [servers = '', channel = '', name, count] = process.argv.slice(2)
const connection = await connect({ servers, reconnectTimeWait: 20, maxReconnectAttempts: -1 })
const log = new NatsLog(connection, { jetstream: jetstream(connection), timeout: 500 })

async function append(data: string): Promise<void> {
  for (;;) {
    try {
      const { last, duplicate } = await log.append(channel, [{ data }], { retention: {}, idempotencyKey: data })
      return console.log(JSON.stringify({ data, ...last, duplicate }))
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
}

for (let number = 1; number <= Number(count); number++) await append(JSON.stringify({ json: `${name}/${number}` }))
await connection.close()
