import type { ServerResponse } from 'node:http'
import { afterEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { gate } from '../../../test/tools/gate.ts'
import { listen, type ServeOptions, serveNode, type TestServer } from '../../../test/tools/serve.ts'
import { createClient } from '../../client/create-client.ts'
import { DynamicLink } from '../../client/dynamic-link.ts'
import { eventIterator } from '../../contract/event-iterator.ts'
import { RPCError } from '../../core/error.ts'
import type { ConnectionState } from '../../event/connection-state.ts'
import { getEventMeta, withEventMeta } from '../../event/event-meta.ts'
import { MemoryLog } from '../../publisher/memory-log.ts'
import { Publisher } from '../../publisher/publisher.ts'
import { os } from '../../server/builder.ts'
import type { Router, RouterClient } from '../../server/router.ts'
import type { RequestInterceptor } from '../../session/request-sender.ts'
import { RPCLink, type RPCLinkOptions } from './rpc-link.ts'

const QUICK = { backoff: { initialDelay: 1, maxDelay: 5 } }

const servers: TestServer[] = []

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()))
})

async function start<R extends Router>(router: R, options: ServeOptions = {}) {
  const server = await serveNode(router, options)
  servers.push(server)
  return { server, client: connect<R>(server.url) }
}

function connect<R>(url: string, options: Partial<RPCLinkOptions<unknown>> = {}): RouterClient<R> {
  return createClient(new RPCLink({ url, ...QUICK, ...options }))
}

async function listenRaw(
  respond: (response: ServerResponse, lastEventId: string | undefined) => void,
): Promise<string> {
  const server = await listen((request, response) => respond(response, request.headers['last-event-id']?.toString()))
  servers.push(server)
  return server.url
}

function openStream(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' }).write(': \n\n')
}

async function collect<Value>(stream: AsyncIterable<Value>): Promise<Value[]> {
  const values: Value[] = []
  for await (const value of stream) values.push(value)
  return values
}

const streamOf = (url: string, options?: Partial<RPCLinkOptions<unknown>>) =>
  connect<{ stream: ReturnType<typeof numbers> }>(url, options).stream()
const numbers = () => os.handler(async function* (): AsyncGenerator<number> {})

describe('a call', () => {
  test('gives back every type that the protocol knows', async () => {
    const { client } = await start({ echo: os.handler(({ input }) => input) })
    const value = {
      date: new Date(0),
      big: 12n,
      set: new Set([1]),
      map: new Map([['a', undefined]]),
      url: new URL('http://x.test/'),
    }
    expect(await client.echo(value)).toEqual(value)
  })

  test('carries files both ways', async () => {
    const { client } = await start({ echo: os.handler(({ input }) => input) })
    const { file } = (await client.echo({ file: new File(['hello'], 'a.txt', { type: 'text/plain' }) })) as {
      file: File
    }
    expect([file.name, file.type, await file.text()]).toEqual(['a.txt', 'text/plain', 'hello'])
  })

  test('rejects with the error that the handler threw', async () => {
    const { client } = await start({
      fail: os.errors({ TEAPOT: { status: 418, message: 'short and stout' } }).handler(({ errors }) => {
        throw errors.TEAPOT()
      }),
    })
    const error = await client.fail().catch((error: unknown) => error)
    expect(error).toBeInstanceOf(RPCError)
    expect(error).toMatchObject({ code: 'TEAPOT', status: 418, defined: true, message: 'short and stout' })
  })

  test('of what the server does not have is NOT_FOUND', async () => {
    const { server } = await start({})
    await expect(connect<Record<string, ReturnType<typeof numbers>>>(server.url)['nope']?.()).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: expect.stringMatching(/\/rpc\/nope: is the procedure there/),
    })
  })

  test('to a server that is not there fails with CONNECTION_FAILED', async () => {
    const { server, client } = await start({ ping: os.handler(() => 'pong') })
    await server.close()
    await expect(client.ping()).rejects.toMatchObject({ code: 'CONNECTION_FAILED', status: 503 })
  })

  test('to something else than a handler says so', async () => {
    const url = await listenRaw((response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<p>Hello'))
    await expect(streamOf(url)).rejects.toMatchObject({
      code: 'BAD_GATEWAY',
      message: expect.stringContaining('text/html'),
    })
  })

  test('to an address that is none says so, and is no failure that may pass', async () => {
    await expect(streamOf('/rpc')).rejects.toMatchObject({
      code: 'BAD_REQUEST',
      message: expect.stringContaining('/rpc'),
    })
  })

  test('that watches its state sees it closed when it fails or is no stream', async () => {
    const { server, client } = await start({ ping: os.handler(() => 'pong') })
    const states: string[] = []
    const options = { onConnectionState: ({ status }: ConnectionState) => states.push(status) }
    await client.ping(undefined, options)
    await server.close()
    await client.ping(undefined, options).catch(() => {})
    expect(states).toEqual(['connecting', 'closed', 'connecting', 'closed'])
  })

  test('rejects with the reason of its signal, before and while it is under way', async () => {
    const called = gate()
    const router = {
      wait: os.handler(async ({ signal }) => {
        called.open()
        await new Promise((resolve) => signal.addEventListener('abort', resolve))
      }),
    }
    const { client } = await start(router)
    const reason = new Error('changed my mind')
    await expect(client.wait(undefined, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    const controller = new AbortController()
    const call = client.wait(undefined, { signal: controller.signal })
    await called.opened
    controller.abort(reason)
    await expect(call).rejects.toBe(reason)
  })

  test("is not repeated because its link wants 'always' for streams", async () => {
    let calls = 0
    const { server } = await start({ count: os.handler(() => ++calls) })
    const client = connect<{ count: ReturnType<typeof numbers> }>(server.url, { resume: 'always' })
    expect(await client.count()).toBe(1)
    await server.close()
    await expect(client.count()).rejects.toMatchObject({ code: 'CONNECTION_FAILED' })
  })

  test('asks for the URL and the headers each time', async () => {
    const seen: unknown[] = []
    const server = await listen((request, response) => {
      seen.push(request.headers['authorization'])
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
    })
    servers.push(server)
    let token = 0
    const client = connect<{ ping: ReturnType<typeof numbers> }>('', {
      url: async () => server.url,
      headers: () => ({ authorization: `token ${++token}` }),
    })
    await client.ping()
    await client.ping()
    expect(seen).toEqual(['token 1', 'token 2'])
  })
})

describe('a stream that the client sends', () => {
  test('reaches the handler event by event, with meta, and ends with its value', async () => {
    const { client } = await start({
      collect: os.handler(async ({ input }) => {
        const received: unknown[] = []
        const stream = input as AsyncGenerator<unknown, unknown>
        for (;;) {
          const { done, value } = await stream.next()
          if (done) return { received, end: value }
          received.push([value, getEventMeta(value)?.id])
        }
      }),
    })
    async function* events() {
      yield { n: 1 }
      yield withEventMeta({ n: 2n }, { id: 'two' })
      return new Date(0)
    }
    const received = [
      [{ n: 1 }, undefined],
      [{ n: 2n }, 'two'],
    ]
    expect(await client.collect(events())).toEqual({ received, end: new Date(0) })
  })

  test('is validated as it comes', async () => {
    const { client } = await start({
      sum: os.input(eventIterator(z.number())).handler(async ({ input }) => {
        let sum = 0
        for await (const n of input) sum += n
        return sum
      }),
    })
    const numbersAnd = async function* (last: unknown) {
      yield 1
      yield last as number
    }
    expect(await client.sum(numbersAnd(2))).toBe(3)
    await expect(client.sum(numbersAnd('x'))).rejects.toMatchObject({
      code: 'BAD_REQUEST',
      message: 'Input validation failed',
    })
  })

  test('is told to stop when the handler has answered without it', async () => {
    const stopped = gate()
    const { client } = await start({ ignore: os.handler(() => 'no, thank you') })
    async function* endless() {
      try {
        for (let n = 0; ; n++) {
          yield n
          await new Promise(setImmediate)
        }
      } finally {
        stopped.open()
      }
    }
    expect(await client.ignore(endless())).toBe('no, thank you')
    await stopped.opened
  })

  test('fails in the handler when the client leaves before its end', async () => {
    const reading = gate()
    const failed = gate<unknown>()
    const { client } = await start({
      read: os.handler(async ({ input }) => {
        try {
          for await (const _ of input as AsyncIterable<unknown>) reading.open()
        } catch (error) {
          failed.open(error)
        }
      }),
    })
    const controller = new AbortController()
    async function* halting() {
      yield 1
      await reading.opened
      controller.abort()
      yield 2
    }
    await expect(client.read(halting(), { signal: controller.signal })).rejects.toThrow()
    expect(await failed.opened).toMatchObject({ code: 'STREAM_INTERRUPTED' })
  })
})

describe('interceptors', () => {
  test('of the link stand around calls and may change them', async () => {
    const { server } = await start({ echo: os.handler(({ input }) => input) })
    const client = connect<{ echo: ReturnType<typeof numbers> }>(server.url, {
      interceptors: [async ({ input, next }) => [await next({ input: `${input}!` })]],
    })
    expect(await (client as any).echo('hi')).toEqual(['hi!'])
  })

  test('of a plugin see every request, the reconnects of a stream included', async () => {
    let requests = 0
    const url = await listenRaw((response, lastEventId) => {
      openStream(response)
      response.end(lastEventId === undefined ? 'id: 1\n\n' : 'event: done\ndata: {}\n\n')
    })
    const requestInterceptor: RequestInterceptor = ({ next }) => {
      requests++
      return next()
    }
    expect(await collect(await streamOf(url, { plugins: [{ requestInterceptor }] }))).toEqual([])
    expect(requests).toBe(2)
  })
})

test('a link that may use GET does so while the input fits into a URL', async () => {
  const methods: (string | undefined)[] = []
  const server = await listen((request, response) => {
    methods.push(request.method)
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
  })
  servers.push(server)
  const client = connect<{ find: ReturnType<typeof numbers> }>(server.url, { method: 'GET' }) as any
  await client.find({ q: 'short' })
  await client.find({ q: 'long'.repeat(1000) })
  await client.find({ file: new Blob(['x']) })
  expect(methods).toEqual(['GET', 'POST', 'POST'])
})

test('DynamicLink chooses a link for each call', async () => {
  const link = (name: string) => ({ call: async (path: readonly string[]) => `${name}:${path.join('.')}` })
  const links: Record<string, ReturnType<typeof link>> = { eu: link('eu'), us: link('us') }
  const dynamic = new DynamicLink<{ region: string }>(({ context }) => links[context?.region ?? 'eu'] ?? link('none'))
  const client = createClient<any>(dynamic)
  expect(await client.a.b()).toBe('eu:a.b')
  expect(await client.a.b(undefined, { context: { region: 'us' } })).toBe('us:a.b')
})

describe('a stream', () => {
  test('gives events with their meta and ends with its value', async () => {
    const { client } = await start({
      count: os.handler(async function* () {
        yield withEventMeta({ n: 1 }, { id: 'é 1', retry: 0, comments: ['first'] })
        yield { n: 2 }
        return 'end'
      }),
    })
    const stream = await client.count()
    const first = await stream.next()
    expect(getEventMeta(first.value)).toEqual({ id: 'é 1', retry: 0, comments: ['first'] })
    expect(await stream.next()).toEqual({ done: false, value: { n: 2 } })
    expect(await stream.next()).toEqual({ done: true, value: 'end' })
  })

  test('that its consumer leaves reaches the handler within 100 ms', { retry: 2 }, async () => {
    const left = gate<number>()
    const router = {
      wait: os.handler(async function* ({ signal }) {
        yield 1
        await new Promise((resolve) => signal.addEventListener('abort', resolve))
        left.open(performance.now())
      }),
    }
    const { client } = await start(router)
    const stream = await client.wait()
    await stream.next()
    const leftAt = performance.now()
    await stream.return()
    expect((await left.opened) - leftAt).toBeLessThan(100)
  })

  test('that its signal ends rejects with the reason, though it waits for an event', async () => {
    const { client } = await start({
      wait: os.handler(async function* ({ signal }) {
        await new Promise((resolve) => signal.addEventListener('abort', resolve))
        yield 1
      }),
    })
    const controller = new AbortController()
    const stream = await client.wait(undefined, { signal: controller.signal })
    const next = stream.next()
    controller.abort()
    await expect(next).rejects.toMatchObject({ name: 'AbortError' })
  })

  test('fails with the error that its handler throws, and is not opened again', async () => {
    let opened = 0
    const { client } = await start({
      fail: os.handler(async function* () {
        opened++
        yield withEventMeta({ n: 1 }, { id: '1' })
        throw new RPCError('CONFLICT', { data: { at: new Date(0) } })
      }),
    })
    await expect(collect(await client.fail())).rejects.toMatchObject({ code: 'CONFLICT', data: { at: new Date(0) } })
    expect(opened).toBe(1)
  })

  test("that a call wants 'always' is opened as soon as the server is there, though its first opening failed", async () => {
    const { server } = await start({})
    await server.close()
    const states: string[] = []
    const client = connect<{ count: ReturnType<typeof numbers> }>(server.url)
    const stream = await client.count(undefined, {
      resume: 'always',
      onConnectionState: ({ status }) => states.push(status),
    })
    const next = stream.next()
    const count = os.handler(async function* () {
      yield 1
    })
    servers.push(await serveNode({ count }, { port: server.port }))
    expect((await next).value).toBe(1)
    expect(states.slice(0, 2)).toEqual(['connecting', 'waiting'])
    await stream.return()
  })

  test("that a call wants 'always' rejects with its signal's reason while it is opened", async () => {
    const reason = new Error('changed my mind')
    const controller = new AbortController()
    const url = await listenRaw(() => controller.abort(reason))
    const client = connect<{ count: ReturnType<typeof numbers> }>(url)
    const call = client.count(undefined, { resume: 'always', signal: controller.signal })
    await expect(call).rejects.toBe(reason)
  })
})

describe('a stream that is cut', () => {
  test('goes on after its last id, be the cut polite or not', async () => {
    const asked: (string | undefined)[] = []
    const url = await listenRaw((response, lastEventId) => {
      asked.push(lastEventId)
      openStream(response)
      const n = Number(lastEventId ?? 0) + 1
      if (n > 4) return response.end('event: done\ndata: {}\n\n')
      response.write(`event: message\nid: ${n}\ndata: {"json":${n}}\n\n`, () => {
        if (n % 2 === 0) response.end()
        else response.destroy()
      })
      return undefined
    })
    expect(await collect(await streamOf(url))).toEqual([1, 2, 3, 4])
    expect(asked).toEqual([undefined, '1', '2', '3', '4'])
  })

  test('resumes from the position it was shown though it has had no event', async () => {
    const asked: (string | undefined)[] = []
    const url = await listenRaw((response, lastEventId) => {
      asked.push(lastEventId)
      openStream(response)
      if (lastEventId === undefined) response.end('id: p7\n\n')
      else response.end('event: done\ndata: {}\n\n')
    })
    expect(await collect(await streamOf(url))).toEqual([])
    expect(asked).toEqual([undefined, 'p7'])
  })

  test('after events without ids fails instead of repeating them', async () => {
    const url = await listenRaw((response) => {
      openStream(response)
      response.end('event: message\ndata: {"json":1}\n\n')
    })
    const stream = await streamOf(url)
    expect(await stream.next()).toEqual({ done: false, value: 1 })
    await expect(stream.next()).rejects.toMatchObject({ code: 'STREAM_INTERRUPTED' })
  })

  test('gives up when the server refuses for good, and tells why', async () => {
    const url = await listenRaw((response, lastEventId) => {
      if (lastEventId !== undefined) return response.writeHead(403).end()
      openStream(response)
      return response.end('id: 1\n\n')
    })
    await expect(collect(await streamOf(url))).rejects.toMatchObject({ code: 'FORBIDDEN' })
  })

  test('counts as cut when the server has been silent for too long', async () => {
    let opened = 0
    const url = await listenRaw((response) => {
      openStream(response)
      if (++opened === 2) response.end('event: done\ndata: {"json":"alive"}\n\n')
    })
    const stream = await streamOf(url, { silenceTimeout: 30 })
    expect(await stream.next()).toEqual({ done: true, value: 'alive' })
  })

  test('loses and repeats nothing of a publisher while the server is away', async () => {
    const publisher = new Publisher<{ news: { n: number } }>(new MemoryLog())
    const router = {
      news: os.handler(({ signal, lastEventId }) => publisher.subscribe('news', { signal, lastEventId })),
    }
    const { server, client } = await start(router)
    const states: ConnectionState['status'][] = []
    const stream = await client.news(undefined, { onConnectionState: ({ status }) => states.push(status) })
    await publisher.publish('news', { n: 1 })
    expect((await stream.next()).value).toEqual({ n: 1 })
    await server.close()
    await publisher.publish('news', { n: 2 })
    await publisher.publish('news', { n: 3 })
    const next = stream.next()
    servers.push(await serveNode(router, { port: server.port }))
    expect([(await next).value, (await stream.next()).value]).toEqual([{ n: 2 }, { n: 3 }])
    expect(states.slice(0, 4)).toEqual(['connecting', 'open', 'waiting', 'connecting'])
    expect(states.at(-1)).toBe('open')
    await stream.return()
    expect(states.at(-1)).toBe('closed')
    await publisher.close()
  })
})

test('the link shows the state of its streams', async () => {
  const { server } = await start({
    wait: os.handler(async function* ({ signal }) {
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
      yield 1
    }),
  })
  const link = new RPCLink({ url: server.url, ...QUICK })
  const client: RouterClient<{ wait: ReturnType<typeof numbers> }> = createClient(link)
  expect(link.connection.state).toEqual({ status: 'closed' })
  const seen: string[] = []
  link.connection.subscribe(() => seen.push(link.connection.state.status))
  const stream = await client.wait()
  const next = stream.next()
  await server.close()
  while (link.connection.state.status !== 'waiting') await new Promise((resolve) => setTimeout(resolve, 1))
  await stream.return()
  expect(await next).toEqual({ done: true, value: undefined })
  expect(seen.slice(0, 2)).toEqual(['open', 'waiting'])
  expect(link.connection.state).toEqual({ status: 'closed' })
})
