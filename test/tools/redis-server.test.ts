import { createClient } from 'redis'
import { describe, expect, test } from 'vitest'
import { findRedisServer, RedisServer } from './redis-server.ts'

describe.skipIf(findRedisServer() === undefined)('a redis-server of a test', () => {
  async function keptAfterKill(appendOnly: boolean): Promise<string | null> {
    const server = await RedisServer.start({ appendOnly })
    const client = createClient({ url: server.url })
    client.on('error', () => {})
    try {
      await client.connect()
      await client.set('key', 'value')
      await server.restart()
      return await client.get('key')
    } finally {
      client.destroy()
      await server.stop()
    }
  }

  test('forgets everything when it is killed', async () => {
    expect(await keptAfterKill(false)).toBeNull()
  })

  test('remembers what it has acknowledged where an append-only file is asked for', async () => {
    expect(await keptAfterKill(true)).toBe('value')
  })
})
