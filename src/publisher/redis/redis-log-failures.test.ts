import { connect as connectSocket, createServer, type Server, type Socket } from 'node:net'
import { Redis } from 'ioredis'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { freePort } from '../../../test/tools/free-port.ts'
import { rejection, take } from '../../../test/tools/probes.ts'
import { type OpenClient, SINGLE_CLIENTS } from '../../../test/tools/redis-clients.ts'
import { findRedisServer, RedisServer, type RedisServerOptions } from '../../../test/tools/redis-server.ts'
import { Publisher } from '../publisher.ts'
import { RedisLog, type RedisLogOptions } from './redis-log.ts'

const ALL = { records: 1000, bytes: 1e9 }
const FOREVER = { retention: {} }

let closers: (() => unknown)[]

beforeEach(() => {
  closers = []
})

afterEach(async () => {
  for (const close of closers.reverse()) await close()
})

async function startServer(options?: RedisServerOptions): Promise<{ server: RedisServer; admin: Redis }> {
  const server = await RedisServer.start(options)
  const admin = new Redis(server.url, { retryStrategy: () => 20 })
  admin.on('error', () => {})
  closers.push(
    () => server.stop(),
    () => admin.disconnect(),
  )
  return { server, admin }
}

async function openLog(
  connect: (server: { url: string }) => Promise<OpenClient>,
  url: string,
  options?: RedisLogOptions,
): Promise<{ log: RedisLog; client: OpenClient['client'] }> {
  const { client, close } = await connect({ url })
  const log = new RedisLog(client, { survives: 'nothing', ...options })
  closers.push(close, () => log.close())
  return { log, client }
}

/** Stands between a client and Redis. On demand it lets an append through, and loses its reply and the connection. */
async function startProxy(port: number): Promise<{ url: string; loseNextReply(): void }> {
  let losing = false
  const sockets = new Set<Socket>()
  const proxy: Server = createServer((near) => {
    const far = connectSocket(port, '127.0.0.1')
    let isLost = false
    for (const socket of [near, far]) {
      sockets.add(socket)
      socket
        .on('error', () => {})
        .on('close', () => {
          near.destroy()
          far.destroy()
        })
    }
    near.on('data', (chunk) => {
      if (losing && chunk.includes('PUBLISH')) [losing, isLost] = [false, true]
      far.write(chunk)
    })
    far.on('data', (chunk) => (isLost ? near.destroy() : near.write(chunk)))
  })
  const own = await freePort()
  await new Promise<void>((resolve) => proxy.listen(own, '127.0.0.1', resolve))
  closers.push(() => {
    for (const socket of sockets) socket.destroy()
    return new Promise((resolve) => proxy.close(resolve))
  })
  const loseNextReply = (): void => {
    losing = true
  }
  return { url: `redis://127.0.0.1:${own}`, loseNextReply }
}

const connections = async (admin: Redis): Promise<number> =>
  String(await admin.client('LIST'))
    .trim()
    .split('\n').length

describe.skipIf(findRedisServer() === undefined)('a Redis log', () => {
  describe.each(Object.entries(SINGLE_CLIENTS))('over %s', (kind, connect) => {
    test('says that it does not know, when Redis does not answer an append in time', async () => {
      const { server } = await startServer()
      const { log } = await openLog(connect, server.url, { timeout: 100 })
      const { last } = await log.append('c', [{ data: '1' }], FOREVER)
      server.freeze()
      const append = () => log.append('c', [{ data: '2' }], { ...FOREVER, idempotencyKey: 'k' })
      expect(await rejection(append())).toMatchObject({ code: 'APPEND_UNKNOWN', status: 503 })
      for (const call of [log.read('c', last, ALL), log.heads(['c'])]) {
        expect(await rejection(call)).toMatchObject({ code: 'SERVICE_UNAVAILABLE' })
      }
      server.thaw()
      const again = await vi.waitFor(append)
      expect((await log.read('c', last, ALL)).records).toEqual([{ offset: 2, tag: again.first.tag, data: '2' }])
    })

    test('has an append whose reply was lost once, whether or not the client sends it again', async () => {
      const { server } = await startServer()
      const { url, loseNextReply } = await startProxy(server.port)
      const { log } = await openLog(connect, url)
      await log.append('c', [{ data: '1' }], FOREVER)
      loseNextReply()
      const result = await log.append('c', [{ data: '2' }], FOREVER).catch((error) => error)
      if (kind === 'ioredis') expect(result).toMatchObject({ duplicate: false, first: { offset: 2 } })
      else expect(result).toMatchObject({ code: 'APPEND_UNKNOWN' })
      await log.append('c', [{ data: '3' }], FOREVER)
      expect((await log.read('c', 'start', ALL)).records.map(({ data }) => data)).toEqual(['1', '2', '3'])
    })

    test('closes the connections that it has opened, and leaves the client alone', async () => {
      const { server, admin } = await startServer()
      const { log } = await openLog(connect, server.url)
      await log.heads(['c'])
      const before = await connections(admin)
      const watches = [await log.watch(() => {}), await log.watch(() => {})]
      for (const watch of watches) await watch.add('c')
      expect(await connections(admin)).toBe(before + 1)
      await log.close()
      await vi.waitFor(async () => expect(await connections(admin)).toBe(before))
      const { log: another } = await openLog(connect, server.url)
      expect(await another.heads(['c'])).toHaveLength(1)
    })

    test('wakes again, for what was missed too, after Redis was gone for a while', async () => {
      const { server } = await startServer({ appendOnly: true })
      const { log } = await openLog(connect, server.url)
      const woken: unknown[] = []
      const watch = await log.watch((channel) => woken.push(channel))
      for (const channel of ['a', 'b']) await watch.add(channel)
      await server.restart()
      await vi.waitFor(() => expect(new Set(woken)).toEqual(new Set(['a', 'b'])), 5000)
      woken.length = 0
      await vi.waitFor(() => log.append('a', [{ data: '1' }], FOREVER))
      await vi.waitFor(() => expect(woken).toContain('a'))
    })

    test('appends once and reads nothing, however many subscribe', async () => {
      const { server, admin } = await startServer()
      const { log } = await openLog(connect, server.url)
      const { log: elsewhere } = await openLog(connect, server.url)
      const publisher = new Publisher<Record<string, unknown>>(log)
      closers.push(() => publisher.close())
      const channels = Array.from({ length: 10 }, (_, index) => `room:${index}`)
      const subscriptions = channels.map((channel) => publisher.subscribe(channel))
      await Promise.all(subscriptions.map(({ ready }) => ready))
      for (let count = 1; count < 1000; count++) {
        subscriptions.push(...channels.map((channel) => publisher.subscribe(channel)))
      }
      await Promise.all(subscriptions.map(({ ready }) => ready))
      const appendToAll = async (): Promise<void> => {
        for (const channel of channels) await elsewhere.append(channel, [{ data: '{"json":{"n":1}}' }], FOREVER)
        const seen = await Promise.all(subscriptions.map((subscription) => take(subscription, 1)))
        expect(seen.flat()).toHaveLength(10_000)
      }
      // The first message of a channel has no events: that one is read, before this answer comes.
      await appendToAll()
      await log.heads(channels)
      await admin.config('RESETSTAT')
      await appendToAll()
      const stats = await admin.info('commandstats')
      const scripts = [...stats.matchAll(/cmdstat_eval(?:sha)?:calls=(\d+)/g)].map(([, calls]) => Number(calls))
      expect(scripts.reduce((sum, calls) => sum + calls, 0)).toBe(10)
    })
  })

  const [connect] = Object.values(SINGLE_CLIENTS) as [(typeof SINGLE_CLIENTS)[string]]

  test('refuses appends when its memory is full, and goes on reading', async () => {
    const { server, admin } = await startServer()
    const { log } = await openLog(connect, server.url)
    const { last } = await log.append('c', [{ data: '1' }], FOREVER)
    await admin.config('SET', 'maxmemory', '1')
    const error = await rejection(log.append('c', [{ data: '2' }], FOREVER))
    expect(error).toMatchObject({ code: 'SERVICE_UNAVAILABLE' })
    expect(error.message).toContain('OOM')
    expect((await log.read('c', 'start', ALL)).position).toEqual(last)
    await admin.config('SET', 'maxmemory', '0')
    expect((await log.append('c', [{ data: '2' }], FOREVER)).before).toEqual(last)
  })

  test('appends nothing when it may not wake', async () => {
    const { server, admin } = await startServer()
    await admin.call('ACL', 'SETUSER', 'mute', 'on', '>secret', 'allkeys', '+@all', 'resetchannels')
    const { log } = await openLog(connect, server.url.replace('//', '//mute:secret@'))
    expect(await rejection(log.append('c', [{ data: '1' }], FOREVER))).toMatchObject({ code: 'SERVICE_UNAVAILABLE' })
    expect((await log.read('c', 'start', ALL)).records).toEqual([])
  })

  test('appends and warns, once, when it may no longer wake', async () => {
    const { server, admin } = await startServer()
    await admin.call('ACL', 'SETUSER', 'mute', 'on', '>secret', 'allkeys', '+@all', 'allchannels')
    const warnings: string[] = []
    const onWarning = (warning: string): void => void warnings.push(warning)
    const { log } = await openLog(connect, server.url.replace('//', '//mute:secret@'), { onWarning })
    await log.append('c', [{ data: '1' }], FOREVER)
    await admin.call('ACL', 'SETUSER', 'mute', 'resetchannels')
    for (const data of ['2', '3']) await log.append('c', [{ data }], FOREVER)
    expect((await log.read('c', 'start', ALL)).records.map(({ data }) => data)).toEqual(['1', '2', '3'])
    expect(warnings).toEqual([expect.stringContaining('cannot be published')])
  })

  test('leaves nothing behind a channel that is over and forgotten', async () => {
    const { server, admin } = await startServer()
    const { log } = await openLog(connect, server.url, { forgetSeconds: 0.3, idempotencySeconds: 0.3 })
    const retention = { seconds: 0.2 }
    const { last } = await log.append('c', [{ data: '1' }], { retention, idempotencyKey: 'k' })
    await vi.waitFor(async () => expect(await admin.keys('*:events')).toEqual([]))
    expect(await log.read('c', last, ALL)).toMatchObject({ position: last, trimmed: 1, records: [] })
    await vi.waitFor(async () => expect(await admin.keys('*')).toEqual([]), 2000)
    expect(await rejection(log.read('c', last, ALL))).toMatchObject({ data: { reason: 'epoch' } })
  })

  test('tells a stream that was evicted from one that has nothing new', async () => {
    const { server, admin } = await startServer()
    const { log } = await openLog(connect, server.url)
    const { first } = await log.append('c', [{ data: '1' }, { data: '2' }], FOREVER)
    await admin.del('headwater:log:{c}:events')
    expect(await log.read('c', first, ALL)).toMatchObject({ trimmed: 2, records: [] })
    expect((await log.append('c', [{ data: '3' }], FOREVER)).first.offset).toBe(3)
    expect(await log.read('c', first, ALL)).toMatchObject({ trimmed: 2, records: [{ offset: 3, data: '3' }] })
  })

  test.each([
    ['no append-only file', [], 'process-kill', ['appendonly']],
    ['no append-only file, where none is needed', [], 'nothing', []],
    ['an append-only file', ['--appendonly', 'yes', '--maxmemory', '100mb'], 'process-kill', []],
    ['eviction', ['--maxmemory', '100mb', '--maxmemory-policy', 'allkeys-lru'], 'nothing', ['noeviction']],
    ['eviction without a limit', ['--maxmemory-policy', 'allkeys-lru'], 'nothing', []],
  ] as const)('warns once of what does not fit: %s', async (_, args, survives, expected) => {
    const { server } = await startServer({ args })
    const warnings: string[] = []
    const { log } = await openLog(connect, server.url, { survives, onWarning: (warning) => warnings.push(warning) })
    for (const channel of ['a', 'b']) await log.heads([channel])
    expect(warnings).toEqual(expected.map((part) => expect.stringContaining(part)))
  })

  test('keeps records as long as their retention says, whatever it was for those before, and little longer', async () => {
    const { server, admin } = await startServer()
    const { log } = await openLog(connect, server.url, { forgetSeconds: 50 })
    const leftAfter = async (seconds?: number): Promise<[number, number]> => {
      await log.append('c', [{ data: 'x' }], { retention: seconds === undefined ? {} : { seconds } })
      const base = 'headwater:log:{c}'
      return [await admin.pttl(`${base}:events`), await admin.pttl(base)]
    }
    for (const seconds of [100, 100, 3600, 10, 10]) {
      const [events, meta] = await leftAfter(seconds)
      expect(events).toBeGreaterThan(seconds * 1000 - 1000)
      expect(events).toBeLessThanOrEqual((seconds * 1000 * 17) / 16)
      expect(meta - events).toBeGreaterThan(49_000)
    }
    expect(await leftAfter()).toEqual([-1, -1])
    expect(await leftAfter()).toEqual([-1, -1])
    expect((await leftAfter(10))[0]).toBeGreaterThan(9000)
    await admin.del('headwater:log:{c}:events')
    expect((await leftAfter(10))[0]).toBeGreaterThan(9000)
    expect((await log.read('c', 'start', ALL)).trimmed).toBe(8)
  })

  test('has its keys where the client has a prefix of its own', async () => {
    const { server, admin } = await startServer()
    const client = new Redis(server.url, { keyPrefix: 'app:' })
    const log = new RedisLog(client, { prefix: 'log:', survives: 'nothing' })
    closers.push(
      () => client.disconnect(),
      () => log.close(),
    )
    const woken: unknown[] = []
    const watch = await log.watch((channel) => woken.push(channel))
    await watch.add('c')
    await log.append('c', [{ data: '1' }], FOREVER)
    await vi.waitFor(() => expect(woken).toContain('c'))
    expect(await admin.keys('*')).toContain('app:log:{c}:events')
  })
})
