import { request as httpRequest } from 'node:http'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { gate } from '../../../test/tools/gate.ts'
import { rejection, settle } from '../../../test/tools/probes.ts'
import { serveNode } from '../../../test/tools/serve.ts'
import { createClient } from '../../client/create-client.ts'
import { EventPublisher } from '../../event/event-publisher.ts'
import { os } from '../../server/builder.ts'
import { createRouterClient } from '../../server/router-client.ts'
import { RPCHandler } from '../../transport/fetch/rpc-handler.ts'
import { RPCLink } from '../../transport/fetch/rpc-link.ts'
import { RetryAfterPlugin } from '../retry-after-plugin.ts'
import { MemoryRateLimiter } from './memory-rate-limiter.ts'
import { RateLimitPlugin, rateLimit } from './rate-limit-plugin.ts'
import type { RateLimiter } from './rate-limiter.ts'

const limiterOf = (limits: { maxRequests?: number; maxStreams?: number } = {}) =>
  new MemoryRateLimiter({ maxRequests: 2, window: 60_000, ...limits })

const byUser = (limiter: RateLimiter) =>
  new RateLimitPlugin({ limiter, key: ({ request }) => request.header('x-user') })

const asker =
  (...[router, options]: ConstructorParameters<typeof RPCHandler>) =>
  async (path: string, user = 'ann'): Promise<Response> => {
    const request = new Request(`http://x.test/${path}`, { method: 'POST', headers: { 'x-user': user } })
    const { response } = await new RPCHandler(router, options).handle(request)
    return response ?? new Response('no match', { status: 404 })
  }

const limitsIn = ({ headers }: Response) =>
  Object.fromEntries([...headers].filter(([name]) => name.startsWith('ratelimit') || name === 'retry-after'))

describe('RateLimitPlugin', () => {
  const router = { ping: os.handler(() => 'pong') }

  test('says in headers what is left, and when to come again', async () => {
    const ask = asker(router, { plugins: [byUser(limiterOf())] })
    expect(limitsIn(await ask('ping'))).toMatchObject({ 'ratelimit-limit': '2', 'ratelimit-remaining': '1' })
    expect((await ask('ping')).status).toBe(200)
    const refused = await ask('ping')
    expect(refused.status).toBe(429)
    expect(limitsIn(refused)).toEqual({
      'ratelimit-limit': '2',
      'ratelimit-remaining': '0',
      'ratelimit-reset': '30',
      'retry-after': '30',
    })
    expect((await refused.json()).json).toMatchObject({
      code: 'TOO_MANY_REQUESTS',
      data: { limit: 2, remaining: 0, reset: expect.any(Number) },
    })
    expect((await ask('ping', 'bob')).status).toBe(200)
  })

  test('neither counts requests of no procedure nor limits calls without a key', async () => {
    const limiter = limiterOf({ maxRequests: 1 })
    const plugin = new RateLimitPlugin({ limiter, key: ({ request }) => request.header('x-other') })
    const ask = asker(router, { plugins: [plugin, byUser(limiter)] })
    expect((await ask('nope')).status).toBe(404)
    expect((await ask('ping')).status).toBe(200)
    expect((await ask('ping')).status).toBe(429)
  })

  test('refuses before the body is read and before the handler runs', async () => {
    let calls = 0
    const counting = { ping: os.handler(() => ++calls) }
    const ask = asker(counting, { plugins: [byUser(limiterOf({ maxRequests: 1 }))] })
    await ask('ping')
    await ask('ping')
    expect(calls).toBe(1)
  })

  test('keeps a context of a class what it is', async () => {
    class App {
      name(): string {
        return 'app'
      }
    }
    const procedure = os.$context<App>().handler(({ context }) => context.name())
    const handler = new RPCHandler({ procedure }, { plugins: [byUser(limiterOf())] })
    const request = new Request('http://x.test/procedure', { method: 'POST' })
    const { response } = await handler.handle(request, { context: new App() })
    expect(await response?.json()).toEqual({ json: 'app' })
  })

  test('makes a client with a RetryAfterPlugin wait as long as it says', async () => {
    vi.useFakeTimers()
    const handler = new RPCHandler(router, {
      plugins: [
        new RateLimitPlugin({ limiter: new MemoryRateLimiter({ maxRequests: 1, window: 7000 }), key: () => 'all' }),
      ],
    })
    const fetch = async (url: string, init: RequestInit): Promise<Response> =>
      (await handler.handle(new Request(url, init))).response as Response
    const client = createClient<any>(new RPCLink({ url: 'http://x.test', fetch, plugins: [new RetryAfterPlugin()] }))
    await client.ping()
    let answered = false
    const second = client.ping().then(() => {
      answered = true
    })
    await vi.advanceTimersByTimeAsync(6999)
    expect(answered).toBe(false)
    await vi.advanceTimersByTimeAsync(1)
    await second
    vi.useRealTimers()
  })
})

describe('rateLimit', () => {
  test('limits a procedure by its context and its input', async () => {
    const base = os.$context<{ user: string }>()
    const send = base
      .input({ '~standard': { version: 1, vendor: 'test', validate: (value: unknown) => ({ value }) } })
      .use(rateLimit({ limiter: limiterOf(), key: ({ context }, input) => `${context.user}:${input}` }))
      .handler(() => 'sent')
    const client: any = createRouterClient({ send }, { context: { user: 'ann' } })
    await client.send('a')
    await client.send('a')
    expect(await rejection(client.send('a'))).toMatchObject({
      code: 'TOO_MANY_REQUESTS',
      status: 429,
      data: { limit: 2, remaining: 0 },
    })
    expect(await client.send('b')).toBe('sent')
  })

  test('may choose another limiter for each call', async () => {
    const limiters = { free: limiterOf({ maxRequests: 1 }), paid: limiterOf({ maxRequests: 100 }) }
    const base = os.$context<{ plan: 'free' | 'paid' }>()
    const ping = base
      .use(rateLimit({ limiter: ({ context }) => limiters[context.plan], key: () => 'all' }))
      .handler(() => 'pong')
    const [free, paid] = [
      createRouterClient({ ping }, { context: { plan: 'free' } }),
      createRouterClient({ ping }, { context: { plan: 'paid' } }),
    ]
    await free.ping()
    await expect(free.ping()).rejects.toMatchObject({ code: 'TOO_MANY_REQUESTS' })
    for (let call = 0; call < 5; call++) await paid.ping()
  })

  test('has the tightest of the limits in the headers, through a RateLimitPlugin without options', async () => {
    const limited = os
      .use(rateLimit({ limiter: limiterOf({ maxRequests: 9 }), key: () => 'wide' }))
      .use(rateLimit({ limiter: limiterOf({ maxRequests: 1 }), key: () => 'narrow' }))
    const ask = asker({ ping: limited.handler(() => 'pong') }, { plugins: [new RateLimitPlugin()] })
    expect(limitsIn(await ask('ping'))).toMatchObject({ 'ratelimit-limit': '1', 'ratelimit-remaining': '0' })
    const refused = await ask('ping')
    expect(refused.status).toBe(429)
    expect(limitsIn(refused)).toMatchObject({ 'ratelimit-limit': '1', 'retry-after': '60' })
  })

  describe('with maxWait', () => {
    beforeEach(() => void vi.useFakeTimers())
    afterEach(() => void vi.useRealTimers())
    const limiter = () => new MemoryRateLimiter({ maxRequests: 1, window: 1000 })

    test('lets a call in when there is room again in time, and refuses it at once when there will not be', async () => {
      const ping = os.use(rateLimit({ limiter: limiter(), key: () => 'all', maxWait: 1500 })).handler(() => Date.now())
      const client = createRouterClient({ ping })
      const start = await client.ping()
      const [second, third] = [client.ping(), rejection(client.ping())]
      await vi.advanceTimersByTimeAsync(1000)
      expect(await second).toBe(start + 1000)
      expect(await third).toMatchObject({ code: 'TOO_MANY_REQUESTS' })
    })

    test('ends its wait when the caller leaves', async () => {
      const ping = os.use(rateLimit({ limiter: limiter(), key: () => 'all', maxWait: 1500 })).handler(() => 'pong')
      const client = createRouterClient({ ping })
      await client.ping()
      const controller = new AbortController()
      const waiting = rejection(client.ping(undefined, { signal: controller.signal }))
      await vi.advanceTimersByTimeAsync(1)
      controller.abort(new Error('gone'))
      expect(await waiting).toMatchObject({ message: 'gone' })
      expect(vi.getTimerCount()).toBe(0)
    })
  })
})

describe('the cap of open streams', () => {
  const limits = { maxRequests: 100, maxStreams: 1 }
  const isFull = async (limiter: MemoryRateLimiter, key = 'ann'): Promise<boolean> => {
    const slot = await limiter.openStream(key)
    slot?.release()
    return slot?.success === false
  }

  test('refuses one stream too many with 429 and leaves it', async () => {
    const publisher = new EventPublisher<{ news: number }>()
    let left = 0
    const news = os.handler(({ signal }) => {
      const stream = publisher.subscribe('news', { signal })
      const leave = stream.return.bind(stream)
      stream.return = (value) => {
        left++
        return leave(value)
      }
      return stream
    })
    const limiter = limiterOf(limits)
    const ask = asker({ news }, { plugins: [byUser(limiter)] })
    const first = await ask('news')
    expect(first.status).toBe(200)
    const second = await ask('news')
    expect(second.status).toBe(429)
    expect(limitsIn(second)).toMatchObject({ 'ratelimit-limit': '1', 'retry-after': '5' })
    expect(left).toBe(1)
    await first.body?.cancel()
    expect(await isFull(limiter)).toBe(false)
  })

  test.each([
    ['ends', () => {}],
    [
      'fails',
      () => {
        throw new Error('broken')
      },
    ],
  ])('counts no stream that %s', async (_, end) => {
    const go = gate()
    const stream = os.handler(async function* () {
      yield 1
      await go.opened
      end()
    })
    const limiter = limiterOf(limits)
    const response = await asker({ stream }, { plugins: [byUser(limiter)] })('stream')
    expect(await isFull(limiter)).toBe(true)
    go.open()
    await response.text()
    expect(await isFull(limiter)).toBe(false)
  })

  test('counts no stream whose client was killed, even if its handler never comes back', async () => {
    const limiter = limiterOf(limits)
    const stuck = os.handler(async function* () {
      yield 1
      await new Promise(() => {})
    })
    const server = await serveNode({ stuck }, { plugins: [byUser(limiter)] })
    try {
      for (let visit = 0; visit < 3; visit++) {
        const request = httpRequest(`${server.url}/stuck`, { method: 'POST', headers: { 'x-user': 'ann' } }).end()
        request.on('error', () => {})
        await new Promise((resolve) => request.once('response', (response) => response.once('data', resolve)))
        expect(await isFull(limiter)).toBe(true)
        request.destroy()
        await vi.waitFor(async () => expect(await isFull(limiter)).toBe(false))
      }
    } finally {
      await server.close()
    }
  })

  test('counts no stream whose client left while it was being opened', async () => {
    const memory = limiterOf(limits)
    const asked = gate()
    const answer = gate()
    const slow: RateLimiter = {
      limit: (key) => memory.limit(key),
      openStream: async (key) => {
        asked.open()
        await answer.opened
        return memory.openStream(key)
      },
    }
    const stream = os.use(rateLimit({ limiter: slow, key: () => 'ann' })).handler(async function* () {})
    const left = new AbortController()
    const call = createRouterClient({ stream }).stream(undefined, { signal: left.signal })
    await asked.opened
    left.abort()
    answer.open()
    await call
    expect(await isFull(memory)).toBe(false)
  })

  test('keeps ids and positions of the streams', async () => {
    const ids = os.use(rateLimit({ limiter: limiterOf(limits), key: () => 'all' })).handler(() => {
      const source = (async function* () {
        yield { n: 1 }
      })()
      return Object.assign(source, { '~position': { ready: Promise.resolve(), cursor: () => 'place' } })
    })
    const stream = await createRouterClient({ ids }).ids()
    expect((stream as { '~position'?: { cursor(): string } })['~position']?.cursor()).toBe('place')
    await stream.return(undefined)
  })

  test('leaves the stream when its place cannot be asked for', async () => {
    const broken: RateLimiter = {
      limit: (key) => limiterOf().limit(key),
      openStream: () => Promise.reject(new Error('no store')),
    }
    let left = false
    const stream = os.use(rateLimit({ limiter: broken, key: () => 'ann' })).handler(() => ({
      next: () => new Promise<IteratorResult<number>>(() => {}),
      return: async () => {
        left = true
        return { done: true as const, value: undefined }
      },
      [Symbol.asyncIterator]() {
        return this
      },
    }))
    expect(await rejection(createRouterClient({ stream }).stream())).toMatchObject({ message: 'no store' })
    await settle()
    expect(left).toBe(true)
  })
})
