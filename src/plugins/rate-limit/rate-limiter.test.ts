import { Redis } from 'ioredis'
import { createClient } from 'redis'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { findRedisServer, RedisServer } from '../../../test/tools/redis-server.ts'
import { MemoryRateLimiter } from './memory-rate-limiter.ts'
import type { RateLimiter, RateLimits } from './rate-limiter.ts'
import { RedisRateLimiter } from './redis-rate-limiter.ts'

const MINUTE = { maxRequests: 3, window: 60_000 }

function behavesLikeALimiter(create: (limits: RateLimits) => RateLimiter): void {
  test('lets as many calls through as there may be, and says what is left', async () => {
    const limiter = create(MINUTE)
    const results = [await limiter.limit('a'), await limiter.limit('a'), await limiter.limit('a')]
    expect(results.map(({ success, limit, remaining }) => [success, limit, remaining])).toEqual([
      [true, 3, 2],
      [true, 3, 1],
      [true, 3, 0],
    ])
    const refused = await limiter.limit('a')
    expect(refused).toMatchObject({ success: false, limit: 3, remaining: 0 })
    expect(refused.reset - Date.now()).toBeGreaterThan(15_000)
    expect(refused.reset - Date.now()).toBeLessThanOrEqual(20_001)
  })

  test('counts each key for itself', async () => {
    const limiter = create({ maxRequests: 1, window: 60_000 })
    expect((await limiter.limit('a')).success).toBe(true)
    expect((await limiter.limit('b')).success).toBe(true)
    expect((await limiter.limit('a')).success).toBe(false)
  })

  test('gives a call back when it says, and refused ones cost nothing', async () => {
    const limiter = create({ maxRequests: 2, window: 400 })
    await limiter.limit('a')
    await limiter.limit('a')
    const asked = Date.now()
    const { reset } = await limiter.limit('a')
    // What is said was worked out somewhere on the way of the answer.
    const onTheWay = Date.now() - asked
    const until = async (): Promise<number> => ((await limiter.limit('a')).success ? Date.now() : until())
    expect((await until()) - reset).toBeGreaterThanOrEqual(-3 - onTheWay)
    expect((await limiter.limit('a')).success).toBe(false)
  })

  test('lets exactly as many of the calls through that come at the same time', async () => {
    const limiter = create({ maxRequests: 7, window: 60_000 })
    const results = await Promise.all(Array.from({ length: 50 }, () => limiter.limit('a')))
    expect(results.filter(({ success }) => success)).toHaveLength(7)
  })

  test.each([7, 49, 997])('loses no call of %i to rounding, and gives none away', async (maxRequests) => {
    const limiter = create({ maxRequests, window: 3_600_000 })
    const results = await Promise.all(Array.from({ length: maxRequests + 1 }, () => limiter.limit('a')))
    expect(results.map(({ remaining }) => remaining)).toEqual([...Array(maxRequests).keys(), 0].sort((a, b) => b - a))
    expect(results.filter(({ success }) => !success)).toHaveLength(1)
  })

  test('caps open streams by key, and takes a place back once', async () => {
    const limiter = create({ ...MINUTE, maxStreams: 2 })
    const first = await limiter.openStream?.('a')
    expect(first).toMatchObject({ success: true, limit: 2, remaining: 1 })
    const second = await limiter.openStream?.('a')
    expect(second).toMatchObject({ success: true, remaining: 0 })
    const refused = await limiter.openStream?.('a')
    expect(refused).toMatchObject({ success: false, limit: 2, remaining: 0 })
    expect((await limiter.openStream?.('b'))?.success).toBe(true)
    refused?.release()
    first?.release()
    first?.release()
    expect((await limiter.openStream?.('a'))?.success).toBe(true)
    expect((await limiter.openStream?.('a'))?.success).toBe(false)
  })

  test('does not cap streams without being told to', async () => {
    expect(await create(MINUTE).openStream?.('a')).toBeUndefined()
  })

  test.each([
    [{ maxRequests: 0, window: 1000 }],
    [{ maxRequests: 1, window: Number.POSITIVE_INFINITY }],
    [{ maxRequests: 1, window: 1000, maxStreams: 1.5 }],
  ])('refuses the limits %o', (limits) => {
    expect(() => create(limits)).toThrow(RangeError)
  })
}

describe('MemoryRateLimiter', () => {
  behavesLikeALimiter((limits) => new MemoryRateLimiter(limits))

  describe('over time', () => {
    beforeEach(() => void vi.useFakeTimers())
    afterEach(() => void vi.useRealTimers())

    test('gives calls back one by one, and never more than there are', async () => {
      const limiter = new MemoryRateLimiter({ maxRequests: 3, window: 3000 })
      const burst = async (): Promise<number> => {
        const results = await Promise.all(Array.from({ length: 5 }, () => limiter.limit('a')))
        return results.filter(({ success }) => success).length
      }
      expect(await burst()).toBe(3)
      vi.advanceTimersByTime(999)
      expect(await burst()).toBe(0)
      vi.advanceTimersByTime(1)
      expect(await burst()).toBe(1)
      vi.advanceTimersByTime(2000)
      expect(await burst()).toBe(2)
      vi.advanceTimersByTime(60_000)
      expect(await burst()).toBe(3)
    })

    test('forgets keys that nobody came back with, without a timer', async () => {
      const limiter = new MemoryRateLimiter({ maxRequests: 10, window: 1000 })
      for (let index = 0; index < 100; index++) {
        await limiter.limit(`key ${index}`)
        await limiter.limit('regular')
        vi.advanceTimersByTime(20)
      }
      expect(vi.getTimerCount()).toBe(0)
      // A first call settles after 100 ms; the regular's load keeps others behind it for a window at most.
      expect(limiter.size).toBeLessThan(55)
      vi.advanceTimersByTime(2000)
      await limiter.limit('last')
      expect(limiter.size).toBe(1)
    })
  })
})

describe.skipIf(findRedisServer() === undefined)('RedisRateLimiter', () => {
  let server: RedisServer
  let nodeRedis: ReturnType<typeof createClient>
  let ioredis: Redis
  /** Each limiter has keys of its own. */
  let prefixes = 0

  beforeAll(async () => {
    server = await RedisServer.start()
    nodeRedis = createClient({ url: server.url })
    nodeRedis.on('error', () => {})
    await nodeRedis.connect()
    ioredis = new Redis(server.url, { maxRetriesPerRequest: null, retryStrategy: () => 50 })
    ioredis.on('error', () => {})
  })

  afterAll(async () => {
    nodeRedis?.destroy()
    ioredis?.disconnect()
    await server?.stop()
  })

  describe('over node-redis', () => {
    behavesLikeALimiter((limits) => new RedisRateLimiter(nodeRedis, { ...limits, prefix: `${++prefixes}:` }))
  })

  describe('over ioredis', () => {
    behavesLikeALimiter((limits) => new RedisRateLimiter(ioredis, { ...limits, prefix: `${++prefixes}:` }))
  })

  test('counts for all processes together', async () => {
    const options = { maxRequests: 5, window: 60_000, maxStreams: 3, prefix: `${++prefixes}:` }
    const limiters = [new RedisRateLimiter(nodeRedis, options), new RedisRateLimiter(ioredis, options)]
    const calls = await Promise.all(Array.from({ length: 20 }, (_, index) => limiters[index % 2]?.limit('a')))
    expect(calls.filter((call) => call?.success)).toHaveLength(5)
    const streams = await Promise.all(Array.from({ length: 20 }, (_, index) => limiters[index % 2]?.openStream('a')))
    expect(streams.filter((stream) => stream?.success)).toHaveLength(3)
    for (const stream of streams) stream?.release()
    await vi.waitFor(async () => expect(await nodeRedis.zCard(`${options.prefix}streams:a`)).toBe(0))
  })

  test('leaves nothing behind a key that nobody comes back with', async () => {
    const prefix = `${++prefixes}:`
    await new RedisRateLimiter(nodeRedis, { maxRequests: 2, window: 200, prefix }).limit('a')
    await vi.waitFor(async () => expect(await nodeRedis.exists(`${prefix}calls:a`)).toBe(0))
  })

  describe('with open streams', () => {
    const oneStream = () => ({ ...MINUTE, maxStreams: 1, lease: 150, prefix: `${++prefixes}:` })

    test('renews their leases as long as they are open', async () => {
      const evaluate = vi.spyOn(nodeRedis, 'evalSha')
      const options = oneStream()
      const slot = await new RedisRateLimiter(nodeRedis, options).openStream('a')
      // Taking it, and renewing it beyond the end of the first lease.
      await vi.waitFor(() => expect(evaluate.mock.calls.length).toBeGreaterThan(5))
      const other = new RedisRateLimiter(ioredis, options)
      expect((await other.openStream('a'))?.success).toBe(false)
      slot?.release()
      await vi.waitFor(async () => expect((await other.openStream('a'))?.success).toBe(true))
      evaluate.mockRestore()
    })

    test('gets the places of a process back that was killed, and of no other', async () => {
      const options = { ...oneStream(), maxStreams: 2 }
      const killed = createClient({ url: server.url })
      await killed.connect()
      const other = new RedisRateLimiter(nodeRedis, options)
      const kept = await other.openStream('a')
      expect((await new RedisRateLimiter(killed, options).openStream('a'))?.success).toBe(true)
      killed.destroy()
      expect((await other.openStream('a'))?.success).toBe(false)
      await vi.waitFor(async () => expect((await other.openStream('a'))?.success).toBe(true))
      expect((await other.openStream('a'))?.success).toBe(false)
      kept?.release()
    })

    test('counts them again after Redis has lost its data', async () => {
      const options = oneStream()
      const slot = await new RedisRateLimiter(nodeRedis, options).openStream('a')
      await nodeRedis.flushAll()
      await vi.waitFor(async () => expect(await nodeRedis.zCard(`${options.prefix}streams:a`)).toBe(1))
      expect((await new RedisRateLimiter(ioredis, options).openStream('a'))?.success).toBe(false)
      slot?.release()
    })
  })

  describe('when Redis does not answer', () => {
    const options = () => ({ ...MINUTE, maxStreams: 1, timeout: 50, lease: 500, prefix: `${++prefixes}:` })

    test.each([
      ['node-redis', () => nodeRedis],
      ['ioredis', () => ioredis],
    ])('does not wait for it, and counts what is open when it is back, over %s', async (_, client) => {
      const told: unknown[] = []
      const settings = options()
      const open = new RedisRateLimiter(client(), {
        ...settings,
        onStoreError: (error) => {
          told.push(error)
          return 'allow'
        },
      })
      server.freeze()
      try {
        for (let call = 0; call < 5; call++) expect((await open.limit('a')).success).toBe(true)
        const slot = await open.openStream('a')
        expect(slot?.success).toBe(true)
        expect(told).toHaveLength(6)
        expect(String(told[0])).toContain('Redis did not answer within 50 ms')
        server.thaw()
        await vi.waitFor(async () => expect(await nodeRedis.zCard(`${settings.prefix}streams:a`)).toBe(1))
        slot?.release()
        await vi.waitFor(async () => expect(await nodeRedis.zCard(`${settings.prefix}streams:a`)).toBe(0))
      } finally {
        server.thaw()
      }
    })

    test('allows calls by default, and refuses them where it is told to', async () => {
      await server.kill()
      try {
        expect((await new RedisRateLimiter(nodeRedis, options()).limit('a')).success).toBe(true)
        const strict = new RedisRateLimiter(nodeRedis, { ...options(), onStoreError: 'refuse' })
        await expect(strict.limit('a')).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE', status: 503 })
        await expect(strict.openStream('a')).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE' })
      } finally {
        await server.restart()
      }
      const limiter = new RedisRateLimiter(nodeRedis, { ...options(), timeout: 5000, onStoreError: 'refuse' })
      expect((await limiter.limit('a')).remaining).toBe(2)
    })
  })
})
