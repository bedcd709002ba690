import { spawn } from 'node:child_process'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { findProgram } from '../tools/debian-package.ts'
import { freePort } from '../tools/free-port.ts'
import { gate } from '../tools/gate.ts'
import { take } from '../tools/probes.ts'
import { findProxy, PROXIES, ProxyServer } from '../tools/proxy-server.ts'
import { type Connected, connect, type Transport } from './connect.ts'
import { type RecipeName, recipe } from './doc-blocks.ts'
import { meeting, publish, type ServedApp, serveApp } from './served-app.ts'

const TRANSPORTS: readonly Transport[] = ['requests', 'a WebSocket']
const RECIPES: readonly RecipeName[] = ['least', 'recommended']
const cells = PROXIES.filter((proxy) => findProxy(proxy) !== undefined).flatMap((proxy) =>
  RECIPES.map((name) => ({ proxy, name })),
)
const curl = findProgram({ package: 'curl', names: ['curl'], variable: 'CURL_PATH', neededBy: 'Tests behind proxies' })

let channels = 0

describe.each(cells)('behind $proxy as the docs have it, $name', { timeout: 20_000 }, ({ proxy: proxyName, name }) => {
  const isTwo = name === 'recommended'
  let servers: ServedApp[]
  let proxy: ProxyServer
  let origin: string
  let channel: string

  beforeAll(async () => {
    const ports = [await freePort(), await freePort()] as const
    const used = isTwo ? ports : ports.slice(0, 1)
    servers = await Promise.all(used.map((port) => serveApp(port, { heartbeat: 50, maxBodySize: 1_000_000 })))
    proxy = await ProxyServer.start(proxyName, recipe(proxyName, name, ports))
    origin = `${isTwo ? 'https' : 'http'}://127.0.0.1:${proxy.port}`
  })

  afterAll(async () => {
    await Promise.all(servers.map((server) => server.close()))
    await proxy?.stop()
  })

  beforeEach(() => {
    channel = `channel-${++channels}`
    Object.assign(meeting, { left: gate(), called: gate(), finish: gate(), received: [] })
  })

  describe.each(TRANSPORTS)('over %s', (transport) => {
    let connected: Connected
    let client: Connected['client']

    beforeEach(() => {
      connected = connect(transport, origin)
      client = connected.client
    })

    afterEach(() => connected.close())

    test('a stream opens before its first event, and each event arrives before the next one is sent', async () => {
      const stream = await client.watch(channel)
      const times: number[] = []
      for (let n = 1; n <= 20; n++) {
        const startedAt = performance.now()
        await publish(channel, n)
        expect((await stream.next()).value).toEqual({ n })
        times.push(performance.now() - startedAt)
      }
      const median = times.sort((a, b) => a - b)[10]
      if (process.env['FIGURES']) console.info(proxyName, name, transport, median)
      // HAProxy takes 200 ms for each unless it is told not to wait for more.
      expect(median).toBeLessThan(100)
      await stream.return()
      expect(connected.openings()).toBe(1)
    })

    // Debian's Caddy compresses what begins with 512 bytes at once, unless told otherwise, and then holds it back.
    test('a stream that begins with much arrives as it is sent, too', async () => {
      const text = 'x'.repeat(5_000)
      await publish(channel, 1, text)
      const stream = await client.watch(channel)
      expect(await take(stream, 1)).toEqual([{ n: 1, text }])
      await publish(channel, 2)
      expect(await take(stream, 1)).toEqual([{ n: 2 }])
      await stream.return()
      expect(connected.openings()).toBe(1)
    })

    test('answers and files arrive whole', async () => {
      expect(await client.echo({ at: new Date(0) })).toEqual({ at: new Date(0) })
      expect(await client.answer(3_000_000)).toHaveLength(3_000_000)
      expect(await client.size(new File(['x'.repeat(900_000)], 'x.txt'))).toBe(900_000)
    })

    test('an id that is not ASCII comes back as it was', async () => {
      expect(await client.lastEventId(undefined, { lastEventId: 'é→😀' })).toBe('é→😀')
    })

    test('a handler hears of a client that leaves', async () => {
      const stream = await client.watch(channel)
      await publish(channel, 1)
      await take(stream, 1)
      await stream.return()
      await meeting.left.opened
    })

    test('events of an input arrive before it has ended', async () => {
      const asked = gate()
      async function* input() {
        yield 1
        await asked.opened
        yield 2
      }
      const answer = client.upload(input())
      // nginx keeps a request until it is whole, unless it is told not to.
      if (proxyName === 'nginx' && name === 'least' && transport === 'requests') asked.open()
      await expect.poll(() => meeting.received).not.toEqual([])
      asked.open()
      expect(await answer).toBe('received')
      expect(meeting.received).toEqual([1, 2])
    })

    test('a stream misses nothing when the proxy is killed and started again', async () => {
      const stream = await client.watch(channel)
      await publish(channel, 1)
      expect(await take(stream, 1)).toEqual([{ n: 1 }])
      const next = take(stream, 3)
      await proxy.kill()
      await publish(channel, 2)
      await proxy.restart()
      await publish(channel, 3)
      await publish(channel, 4)
      expect(await next).toEqual([{ n: 2 }, { n: 3 }, { n: 4 }])
      await stream.return()
    })

    test('a stream misses nothing when the proxy is reloaded', async () => {
      const stream = await client.watch(channel)
      proxy.reload()
      for (let n = 1; n <= 50; n++) {
        await publish(channel, n)
        expect((await stream.next()).value).toEqual({ n })
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
      if (process.env['FIGURES']) console.info(proxyName, name, transport, 'reload', connected.openings())
      await stream.return()
    })

    test('a stream misses nothing when the servers are replaced one by one, and calls finish', async () => {
      const stream = await client.watch(channel)
      await publish(channel, 1)
      expect(await take(stream, 1)).toEqual([{ n: 1 }])
      const slow = client.slow()
      await meeting.called.opened
      const next = take(stream, 1 + servers.length)
      for (const [index, server] of servers.entries()) {
        const replaced = server.replace()
        await publish(channel, 2 + index)
        meeting.finish.open('finished')
        await replaced
      }
      expect(await slow).toBe('finished')
      await publish(channel, 2 + servers.length)
      expect(await next).toEqual(Array.from({ length: 1 + servers.length }, (_, index) => ({ n: 2 + index })))
      await stream.return()
    })
  })

  test.each([1_020_000, 5_000_000])('a body of %i bytes is answered with PAYLOAD_TOO_LARGE', async (size) => {
    const { client } = connect('requests', origin)
    const call = client.size(new File(['x'.repeat(size)], 'x.txt'))
    await expect(call).rejects.toMatchObject({ code: 'PAYLOAD_TOO_LARGE', status: 413 })
  })

  test.skipIf(curl === undefined)('curl -N shows an opening, signs of life, and an event at once', async () => {
    const input = encodeURIComponent(JSON.stringify({ json: channel }))
    const child = spawn(curl as string, ['-kNsi', `${origin}/rpc/watch?data=${input}`])
    let text = ''
    child.stdout.setEncoding('utf8').on('data', (more) => {
      text += more
    })
    try {
      await expect.poll(() => text.match(/^: $/gm)?.length, { timeout: 5_000 }).toBeGreaterThan(3)
      expect(text).toMatch(isTwo ? /^HTTP\/2 200/ : /^HTTP\/1.1 200/)
      expect(text).toMatch(/^cache-control: no-cache, no-transform\r$/im)
      await publish(channel, 1)
      await expect.poll(() => text).toContain('data: {"json":{"n":1}}')
    } finally {
      child.kill()
    }
  })
})
