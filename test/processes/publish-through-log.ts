// Publishes to a channel of a log and subscribes to it, until it has seen the ends of all. An event of which nobody knows what became is
// published again where there are keys, else given up. Prints { ready }, { seen: [id, event] }, { acked: [id, event] } and { unknown: event }:
//   publish-through-log.ts <nats|rabbitmq|kafka> <url> <channel> <count> <name> <other name>
import { RPCError } from '../../src/core/error.ts'
import { getEventMeta } from '../../src/event/event-meta.ts'
import { Publisher } from '../../src/publisher/publisher.ts'
import { openLog } from '../tools/streaming-logs.ts'

const [kind = '', url = '', channel = '', count, name = '', ...others] = process.argv.slice(2)
const { log, close } = await openLog(kind, url)
const publisher = new Publisher<Record<string, { event: string }>>(log, { onError: () => {} })
const hasKeys = log.capabilities.idempotencySeconds !== false
const print = (line: object): void => console.log(JSON.stringify(line))

/** Resolves with whether it is known to be there. */
async function publish(event: string): Promise<boolean> {
  for (;;) {
    try {
      const { id } = await publisher.publish(channel, { event }, { idempotencyKey: hasKeys ? event : undefined })
      print({ acked: [id, event] })
      return true
    } catch (error) {
      if (error instanceof RPCError && error.code === 'APPEND_UNKNOWN' && !hasKeys) {
        print({ unknown: event })
        return false
      }
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
}

async function publishAll(): Promise<void> {
  for (let number = 1; number <= Number(count); number++) await publish(`${name}/${number}`)
  for (let end = 1; !(await publish(`${name}/end-${end}`)); ) end++
}

const subscription = publisher.subscribe(channel)
await subscription.ready
print({ ready: true })
let published: Promise<void> | undefined
const running = new Set([name, ...others])
while (running.size > 0) {
  const { value, done } = await subscription.next()
  if (done) throw new Error('The stream ended')
  print({ seen: [getEventMeta(value)?.id, value.event] })
  published ??= publishAll()
  const [from = '', what] = value.event.split('/')
  if (what?.startsWith('end')) running.delete(from)
}
await published
await publisher.close()
await log.close()
await close()
process.exit()
