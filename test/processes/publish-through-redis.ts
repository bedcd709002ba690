// Subscribes to the channel c of a RedisLog, and once it sees the first event, publishes its own, each until it is
// acknowledged. Ends when it has seen so many. Prints { ready }, { seen: [id, event] } and { acked: [id, event] }:
//   publish-through-redis.ts <url> <client> <name> <count> <total>
import { getEventMeta } from '../../src/event/event-meta.ts'
import { Publisher } from '../../src/publisher/publisher.ts'
import { RedisLog } from '../../src/publisher/redis/redis-log.ts'
import { SINGLE_CLIENTS } from '../tools/redis-clients.ts'

const [url = '', kind = '', name = '', count = '', total = ''] = process.argv.slice(2)
const connect = SINGLE_CLIENTS[kind]
if (connect === undefined) throw new Error(`There is no client ${kind}`)
const { client, close } = await connect({ url })
const log = new RedisLog(client, { timeout: 500 })
const publisher = new Publisher<{ c: { event: string } }>(log, { onError: () => {} })
const print = (line: object): void => console.log(JSON.stringify(line))

async function publishUntilAcknowledged(event: string): Promise<void> {
  for (;;) {
    try {
      const { id } = await publisher.publish('c', { event }, { idempotencyKey: event })
      return print({ acked: [id, event] })
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
}

async function publishAll(): Promise<void> {
  for (let number = 1; number <= Number(count); number++) await publishUntilAcknowledged(`${name}/${number}`)
}

const subscription = publisher.subscribe('c')
await subscription.ready
print({ ready: true })
let published: Promise<void> | undefined
for (let seen = 0; seen < Number(total); seen++) {
  const { value, done } = await subscription.next()
  if (done) throw new Error('The stream ended')
  print({ seen: [getEventMeta(value)?.id, value.event] })
  published ??= publishAll()
}
await published
await publisher.close()
await log.close()
close()
