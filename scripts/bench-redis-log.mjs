// What a RedisLog costs beside a bare loop of the same scripts over the same client, and how long an event is on its way:
//   node --import tsx scripts/bench-redis-log.mjs [appends] [at once]
// Needs redis-server. Prints µs of this process's CPU per operation, operations per second, and latencies in ms.
import { Redis } from 'ioredis'
import { createClient } from 'redis'
import { randomToken } from '../src/core/random-token.ts'
import { Publisher } from '../src/publisher/publisher.ts'
import { RedisLog } from '../src/publisher/redis/redis-log.ts'
import { APPEND, READ } from '../src/publisher/redis/scripts.ts'
import { RedisServer } from '../test/tools/redis-server.ts'

const [operations = 50_000, atOnce = 64] = process.argv.slice(2).map(Number)
const RETENTION = { seconds: 300, events: 10_000 }
const EVENT = { user: 'alice', text: 'x'.repeat(180) }
const data = JSON.stringify({ json: EVENT })

const server = await RedisServer.start()
const nodeRedis = await createClient({ url: server.url }).connect()
const ioredis = new Redis(server.url)
const clients = {
  'node-redis': [nodeRedis, (hash, keys, args) => nodeRedis.evalSha(hash, { keys, arguments: args })],
  ioredis: [ioredis, (hash, keys, args) => ioredis.evalsha(hash, keys.length, ...keys, ...args)],
}
const hashes = { APPEND: await ioredis.script('LOAD', APPEND), READ: await ioredis.script('LOAD', READ) }

/** Runs an operation so many times, so many of them at once; gives µs of CPU each and how many in a second. */
async function measure(operation) {
  let left = operations
  const worker = async (id) => {
    while (left-- > 0) await operation(id)
  }
  const [cpu, start] = [process.cpuUsage(), performance.now()]
  await Promise.all(Array.from({ length: atOnce }, (_, id) => worker(id)))
  const { user, system } = process.cpuUsage(cpu)
  return { cpu: (user + system) / operations, rate: (operations / (performance.now() - start)) * 1000 }
}

function report(what, bare, ours) {
  const figures = ({ cpu, rate }) => `${cpu.toFixed(1)} µs CPU, ${Math.round(rate)}/s`
  console.log(`${what}: bare ${figures(bare)}; RedisLog ${figures(ours)}; CPU × ${(ours.cpu / bare.cpu).toFixed(2)}`)
}

for (const [name, [client, send]] of Object.entries(clients)) {
  const log = new RedisLog(client, { survives: 'nothing' })
  const limits = ['604800000', 'tag', '300000', '10000', '10000', 'PUBLISH']
  const bareAppend = (id) => {
    const base = `bare:{${id}}`
    // ioredis sends again what was not answered: there an append without a key has its tag as one.
    const keys = [base, `${base}:events`, ...(name === 'ioredis' ? [`${base}:key:${randomToken(6)}`] : [])]
    return send(hashes.APPEND, keys, ['epoch', ...limits, base, data])
  }
  const append = (id) => log.append(String(id), [{ data }], { retention: RETENTION })
  await measure(bareAppend)
  await measure(append)
  report(`${name}, append`, await measure(bareAppend), await measure(append))

  const page = { records: 20, bytes: 1e6 }
  const bareRead = (id) =>
    send(hashes.READ, [`bare:{${id}}`, `bare:{${id}}:events`], ['e', '604800000', '', '20', '1000000'])
  const read = (id) => log.read(String(id), 'start', page)
  report(`${name}, page of 20`, await measure(bareRead), await measure(read))

  const subscriberClient = client.duplicate()
  if (name === 'node-redis') await subscriberClient.connect()
  for (const [where, subscriberLog] of [
    ['same', log],
    ['another', new RedisLog(subscriberClient, { survives: 'nothing' })],
  ]) {
    const [publisher, subscriber] = [new Publisher(log), new Publisher(subscriberLog)]
    const subscription = subscriber.subscribe('latency')
    await subscription.ready
    const [times, acks] = [[], []]
    await ioredis.config('RESETSTAT')
    for (let count = 0; count < 2000; count++) {
      const start = performance.now()
      const published = publisher.publish('latency', EVENT).then(() => acks.push(performance.now() - start))
      await subscription.next()
      times.push(performance.now() - start)
      await published
    }
    const scripts = Number(/cmdstat_evalsha:calls=(\d+)/.exec(await ioredis.info('commandstats'))?.[1])
    const quantile = (list, q) => list.toSorted((a, b) => a - b)[Math.floor(list.length * q)].toFixed(2)
    const line = [times, acks].map((list) => `p50 ${quantile(list, 0.5)} p99 ${quantile(list, 0.99)}`)
    console.log(
      `${name}, to a subscriber of the ${where} log: ${line[0]} ms; ack ${line[1]} ms; scripts ${scripts / 2000}`,
    )
    await Promise.all([publisher.close(), subscriber.close()])
  }
  subscriberClient[name === 'ioredis' ? 'disconnect' : 'destroy']()
  await log.close()
}
nodeRedis.destroy()
ioredis.disconnect()
await server.stop()
process.exit()
