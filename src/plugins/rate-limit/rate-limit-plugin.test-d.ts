import { Redis } from 'ioredis'
import { createClient, createCluster } from 'redis'
import { expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import { os } from '../../server/builder.ts'
import { MemoryRateLimiter } from './memory-rate-limiter.ts'
import { RateLimitPlugin, rateLimit } from './rate-limit-plugin.ts'
import { RedisRateLimiter } from './redis-rate-limiter.ts'

const limits = { maxRequests: 1, window: 1000, maxStreams: undefined }
const limiter = new MemoryRateLimiter(limits)

test('the key of a procedure is made of its context and its input', () => {
  os.$context<{ user: string }>()
    .input(z.object({ roomId: z.string() }))
    .use(
      rateLimit({
        limiter: ({ context }) => {
          expectTypeOf(context.user).toEqualTypeOf<string>()
          return limiter
        },
        key: ({ context }, input) => {
          expectTypeOf(context.user).toEqualTypeOf<string>()
          expectTypeOf(input.roomId).toEqualTypeOf<string>()
          return input.roomId
        },
        maxWait: undefined,
      }),
    )
    .handler(({ context, input }) => {
      expectTypeOf(context).toEqualTypeOf<{ user: string }>()
      return input.roomId
    })
})

test('the clients of node-redis and ioredis fit as they are', () => {
  new RedisRateLimiter(createClient(), limits)
  new RedisRateLimiter(createCluster({ rootNodes: [] }), limits)
  new RedisRateLimiter(new Redis(), { ...limits, prefix: undefined, timeout: undefined, lease: undefined })
  new RedisRateLimiter(new Redis.Cluster([]), { ...limits, onStoreError: undefined })
  // @ts-expect-error a Map is no client
  new RedisRateLimiter(new Map(), limits)
})

test('the key of a handler is made of the request', () => {
  new RateLimitPlugin({ limiter, key: ({ request, path }) => request.header('x-user') ?? path.join('.') })
  new RateLimitPlugin({ limiter, key: async () => undefined, maxWait: undefined })
  // @ts-expect-error a limiter alone does not say for whom
  new RateLimitPlugin({ limiter })
})
