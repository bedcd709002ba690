import { afterAll, beforeAll, describe } from 'vitest'
import { findRedisServer, RedisServer } from '../tools/redis-server.ts'
import { HostProcesses } from './processes.ts'
import { durableSuite } from './suite.ts'

let redis: RedisServer
let processes: HostProcesses

describe.skipIf(findRedisServer() === undefined)('durable event iterators on two processes over Redis', () => {
  beforeAll(async () => {
    redis = await RedisServer.start()
    processes = new HostProcesses(redis.url)
    await processes.start()
  }, 120_000)

  afterAll(async () => {
    await processes.kill()
    await redis.stop()
  })

  const disturb = (): Promise<void> => processes.restartFirst()
  durableSuite(() => ({ urls: processes.urls, disturb }), { forgetsAtOnce: false, spread: true })
})
