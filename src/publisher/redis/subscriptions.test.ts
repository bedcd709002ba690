import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { type OpenClient, SINGLE_CLIENTS } from '../../../test/tools/redis-clients.ts'
import { findRedisServer, RedisServer } from '../../../test/tools/redis-server.ts'
import { RedisScripts } from '../../core/redis-scripts.ts'
import { connectSubscriber } from './subscriber.ts'
import { Subscriptions } from './subscriptions.ts'

describe.skipIf(findRedisServer() === undefined).each(Object.entries(SINGLE_CLIENTS))('over %s', (_, connect) => {
  let server: RedisServer
  let open: OpenClient

  beforeAll(async () => {
    server = await RedisServer.start()
    open = await connect(server)
  })
  afterAll(async () => {
    open?.close()
    await server?.stop()
  })

  test.each([
    ['plain', false],
    ['sharded', true],
  ])('a connection with %s topics answers pings', async (_, isSharded) => {
    const onEnd = vi.fn()
    const subscriber = await connectSubscriber(open.client, isSharded, { onMessage: () => {}, onEnd })
    await subscriber.ping()
    await subscriber.subscribe('t')
    await subscriber.ping()
    await subscriber.unsubscribe('t')
    await subscriber.ping()
    expect(onEnd).not.toHaveBeenCalled()
    subscriber.close()
    await vi.waitFor(() => expect(onEnd).toHaveBeenCalled())
  })

  test('a connection that is dead without having ended is given up, and its topics come over another', async () => {
    const stop = new AbortController()
    const scripts = new RedisScripts(open.client, 50)
    const restored: string[] = []
    const outcomes: boolean[] = []
    const subscriptions = new Subscriptions({
      client: open.client,
      within: (work) => {
        const inTime = scripts.within(work)
        inTime.then(
          () => outcomes.push(true),
          () => outcomes.push(false),
        )
        return inTime
      },
      locate: async () => {},
      onMessage: () => {},
      onRestored: (topic) => restored.push(topic),
      signal: stop.signal,
      pingInterval: 20,
    })
    try {
      for (const topic of ['a', 'b']) await subscriptions.add(topic)
      outcomes.length = 0
      await vi.waitFor(() => expect(outcomes.length).toBeGreaterThan(3))
      expect(outcomes).not.toContain(false)
      expect(restored).toEqual([])
      server.freeze()
      await vi.waitFor(() => expect(outcomes).toContain(false))
      server.thaw()
      await vi.waitFor(() => expect(new Set(restored)).toEqual(new Set(['a', 'b'])))
    } finally {
      server.thaw()
      stop.abort()
      subscriptions.close()
    }
  })
})
