import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { CLUSTER_CLIENTS, type OpenClient } from '../../../test/tools/redis-clients.ts'
import { command, RedisCluster } from '../../../test/tools/redis-cluster.ts'
import { findRedisServer } from '../../../test/tools/redis-server.ts'
import { logChecks } from '../../testing/log-checks.ts'
import { RedisLog } from './redis-log.ts'

describe.skipIf(findRedisServer() === undefined)('a Redis log in a cluster', () => {
  let cluster: RedisCluster

  beforeAll(async () => {
    cluster = await RedisCluster.start()
  }, 30_000)
  afterAll(() => cluster?.stop())

  const onEach = (...args: string[]) => Promise.all(cluster.masters.map(({ port }) => command(port, ...args)))

  describe.each(Object.entries(CLUSTER_CLIENTS))('over %s', (_, connect) => {
    let open: OpenClient

    beforeAll(async () => {
      open = await connect(cluster)
    })
    afterAll(() => open?.close())

    const checks = logChecks({
      capabilities: {
        offsets: 'contiguous',
        survives: 'nothing',
        copies: 'async',
        idempotencySeconds: 300,
        retention: { count: true, perChannel: true },
        transaction: false,
        atomicBatch: true,
        rotation: { channel: true, log: false },
      },
      createLog: async () => new RedisLog(open.client, { survives: 'nothing' }),
      shortestRetention: 0.2,
      loseHistory: async () => void (await onEach('FLUSHALL')),
      loseWakes: async () => {
        let mended = false
        const kill = async (): Promise<void> => {
          while (!mended) await onEach('CLIENT', 'KILL', 'TYPE', 'pubsub')
        }
        const killing = kill()
        return () => {
          mended = true
          return killing
        }
      },
    })

    for (const { name, skip, run } of checks) test.skipIf(skip)(name, run, 20_000)

    test('spreads the channels over all servers, and takes one connection to each for the wake-ups', async () => {
      const log = new RedisLog(open.client, { survives: 'nothing' })
      const woken = new Set<string | undefined>()
      const watch = await log.watch((channel) => woken.add(channel))
      const channels = Array.from({ length: 60 }, (_, index) => `spread:${index}`)
      await Promise.all(channels.map((channel) => watch.add(channel)))
      await Promise.all(channels.map((channel) => log.append(channel, [{ data: '1' }], { retention: {} })))
      await vi.waitFor(() => expect(woken.size).toBe(60))
      const clients = await onEach('CLIENT', 'LIST', 'TYPE', 'PUBSUB')
      for (const list of clients) expect(String(list).match(/ssub=[1-9]/g)).toHaveLength(1)
      await log.close()
      await vi.waitFor(async () => {
        for (const list of await onEach('CLIENT', 'LIST', 'TYPE', 'PUBSUB'))
          expect(String(list)).not.toMatch('ssub=[1-9]')
      })
    })
  })
})
