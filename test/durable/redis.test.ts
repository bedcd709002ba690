import { afterAll, beforeAll, describe, expect, vi } from 'vitest'
import { findRedisServer, RedisServer } from '../tools/redis-server.ts'
import { ScriptProcess } from '../tools/script-process.ts'
import { durableSuite } from './suite.ts'

let redis: RedisServer
const processes: ScriptProcess[] = []
const ports: number[] = []

/** Listens when it resolves, on the same port again where it has had one. */
async function start(index: number): Promise<void> {
  const process = new ScriptProcess('durable-host.ts', redis.url, String(ports[index] ?? 0))
  processes[index] = process
  await vi.waitFor(() => expect(process.lines).toHaveLength(1), { timeout: 60_000, interval: 20 })
  ports[index] = (process.lines[0] as { port: number }).port
}

describe.skipIf(findRedisServer() === undefined)('durable event iterators on two processes over Redis', () => {
  beforeAll(async () => {
    redis = await RedisServer.start()
    await Promise.all([start(0), start(1)])
  }, 120_000)

  afterAll(async () => {
    await Promise.all(processes.map((process) => process.kill()))
    await redis.stop()
  })

  const disturb = async (): Promise<void> => {
    await processes[0]?.kill()
    await start(0)
  }
  durableSuite(() => ({ urls: ports.map((port) => `http://127.0.0.1:${port}`), disturb }), {
    forgetsAtOnce: false,
    spread: true,
  })
})
