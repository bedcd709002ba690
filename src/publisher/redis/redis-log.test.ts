import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { type OpenClient, SINGLE_CLIENTS } from '../../../test/tools/redis-clients.ts'
import { findRedisServer, RedisServer } from '../../../test/tools/redis-server.ts'
import { logChecks } from '../../testing/log-checks.ts'
import { RedisLog } from './redis-log.ts'

describe.skipIf(findRedisServer() === undefined).each(Object.entries(SINGLE_CLIENTS))(
  'a Redis log over %s',
  (_, connect) => {
    let server: RedisServer
    let open: OpenClient
    /** Works on the log's Redis behind its back. */
    let admin: Redis

    beforeAll(async () => {
      server = await RedisServer.start()
      open = await connect(server)
      admin = new Redis(server.url)
    })

    afterAll(async () => {
      open?.close()
      admin?.disconnect()
      await server?.stop()
    })

    const checks = logChecks({
      capabilities: {
        offsets: 'contiguous',
        survives: 'nothing',
        copies: 'async',
        idempotencySeconds: 300,
        retention: { count: true, perChannel: true },
        transaction: false,
        atomicBatch: true,
        rotation: { channel: true, log: true },
      },
      createLog: async () => new RedisLog(open.client, { survives: 'nothing' }),
      shortestRetention: 0.2,
      loseHistory: async () => void (await admin.flushall()),
      backUp: async () => {
        const keys = await admin.keys('*')
        const dumps = await Promise.all(keys.map(async (key) => [key, await admin.dumpBuffer(key)] as const))
        return async () => {
          const restored = admin.multi().flushall()
          for (const [key, dump] of dumps) if (dump !== null) restored.restore(key, 0, dump)
          await restored.exec()
        }
      },
      loseWakes: async () => {
        const kill = (): void => void admin.call('CLIENT', 'KILL', 'TYPE', 'pubsub').catch(() => {})
        kill()
        const timer = setInterval(kill, 1)
        return async () => clearInterval(timer)
      },
    })

    for (const { name, skip, run } of checks) test.skipIf(skip)(name, run, 20_000)
  },
)
