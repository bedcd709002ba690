import { createORPCClient } from '@orpc/client'
import { RPCLink as ReferenceLink } from '@orpc/client/fetch'
import { ORPCError, os as referenceOs, withEventMeta as referenceWithEventMeta } from '@orpc/server'
import { RPCHandler as ReferenceHandler } from '@orpc/server/node'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createClient } from '../../src/client/create-client.ts'
import { RPCError } from '../../src/core/error.ts'
import { getEventMeta, withEventMeta } from '../../src/event/event-meta.ts'
import { MemoryRateLimiter } from '../../src/plugins/rate-limit/memory-rate-limiter.ts'
import { RateLimitPlugin } from '../../src/plugins/rate-limit/rate-limit-plugin.ts'
import { MemoryLog } from '../../src/publisher/memory-log.ts'
import { Publisher } from '../../src/publisher/publisher.ts'
import { os } from '../../src/server/builder.ts'
import { RPCLink } from '../../src/transport/fetch/rpc-link.ts'
import { gate } from '../tools/gate.ts'
import { listen, serveFetch, serveNode, type TestServer } from '../tools/serve.ts'
import { createRecordedRouter, NATIVE } from './recorded-router.ts'

/** `Infinity` is `null` in JSON, on both sides. */
const NATIVE_BACK = { ...NATIVE, inf: null }

const ownRouter = {
  ...createRecordedRouter({ os, createError: (code, options) => new RPCError(code, options), withEventMeta }),
  ...createWaiting(os),
}
const referenceRouter = {
  ...createRecordedRouter({
    os: referenceOs,
    createError: (code, options) => new ORPCError(code, options),
    withEventMeta: referenceWithEventMeta,
  }),
  ...createWaiting(referenceOs),
}

let left = gate()

function createWaiting(os: any) {
  return {
    wait: os.handler(async function* ({ signal }: { signal: AbortSignal }) {
      yield 'waiting'
      try {
        await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
      } finally {
        left.open()
      }
    }),
  }
}

async function serveReference(): Promise<TestServer> {
  const handler = new ReferenceHandler(referenceRouter)
  return listen(async (request, response) => {
    const { matched } = await handler.handle(request, response, { prefix: '/rpc' })
    if (!matched) response.writeHead(404).end('no match')
  })
}

const pairs = [
  ['the reference client and our node handler', () => serveNode(ownRouter), referenceClient],
  ['the reference client and our fetch handler', () => serveFetch(ownRouter), referenceClient],
  ['our client and the reference server', serveReference, (url: string) => createClient<any>(new RPCLink({ url }))],
] as const

function referenceClient(url: string): any {
  return createORPCClient(new ReferenceLink({ url }))
}

async function collect(stream: AsyncIterable<unknown>): Promise<unknown[]> {
  const values: unknown[] = []
  for await (const value of stream) values.push(value)
  return values
}

describe.each(pairs)('%s', (_, serve, connect) => {
  let server: TestServer
  let client: any

  beforeAll(async () => {
    server = await serve()
    client = connect(server.url)
  })
  afterAll(() => server.close())

  test('exchange every type of value', async () => {
    expect(await client.echo(NATIVE)).toEqual(NATIVE_BACK)
    expect(await client.nested.native()).toEqual(NATIVE_BACK)
    expect(await client.echo()).toBeUndefined()
    expect(await client.undef()).toBeUndefined()
  })

  test('exchange files, alone and inside of values', async () => {
    const file = new File(['hello'], 'héllo wörld.txt', { type: 'text/plain' })
    const { list } = await client.echo({ list: [file, { again: file }] })
    expect([list[0].name, list[0].type, await list[1].again.text()]).toEqual([file.name, 'text/plain', 'hello'])
    const alone = await client.echo(file)
    expect([alone.name, await alone.text()]).toEqual([file.name, 'hello'])
  })

  test('exchange errors', async () => {
    await expect(client.typedError()).rejects.toMatchObject({
      code: 'TEAPOT',
      status: 418,
      defined: true,
      data: { a: new Date(0) },
    })
    await expect(client.plainError()).rejects.toMatchObject({ code: 'NOT_FOUND', defined: false, data: { id: 1n } })
    await expect(client.secretError()).rejects.toMatchObject({
      code: 'INTERNAL_SERVER_ERROR',
      message: 'Internal server error',
    })
    await expect(client.validated({ a: 'x' })).rejects.toMatchObject({
      code: 'BAD_REQUEST',
      message: 'Input validation failed',
    })
  })

  test('exchange streams with meta, their return value and the id to resume from', async () => {
    const stream = await client.stream({ q: 1 }, { lastEventId: '5' })
    expect((await stream.next()).value).toEqual({ input: { q: 1 }, lastEventId: '5' })
    expect((await stream.next()).value).toEqual({ at: new Date(0) })
    expect((await stream.next()).value).toBe('multi\nline')
    expect(await stream.next()).toEqual({ done: true, value: { bye: true } })
  })

  test('exchange the errors of streams', async () => {
    await expect(client.streamError().then(collect)).rejects.toMatchObject({ code: 'CONFLICT', data: { x: 1n } })
    await expect(client.streamSecret().then(collect)).rejects.toMatchObject({ code: 'INTERNAL_SERVER_ERROR' })
  })

  test('let the handler know when the client leaves a stream', async () => {
    left = gate()
    const stream = await client.wait()
    expect((await stream.next()).value).toBe('waiting')
    await stream.return()
    await left.opened
  })
})

// Only this way round: the reference client cannot send a stream on Node, whose fetch wants to be told of half duplex.
test('our client sends streams to the reference server, their end and their errors too', async () => {
  const server = await serveReference()
  const client = createClient<any>(new RPCLink({ url: server.url }))
  async function* events() {
    yield 1
    yield withEventMeta({ d: new Date(0) }, { id: 'x' })
    return 'end'
  }
  expect(await client.clientStream(events())).toEqual({ received: [1, { d: new Date(0) }], end: 'end' })
  async function* broken() {
    yield 1
    throw new RPCError('CONFLICT', { data: 1n })
  }
  await expect(client.clientStream(broken())).rejects.toMatchObject({ code: 'CONFLICT', data: 1n })
  await server.close()
})

test('our client reads the meta that the reference server sends', async () => {
  const server = await serveReference()
  const client = createClient<any>(new RPCLink({ url: server.url }))
  const stream = await client.stream()
  await stream.next()
  expect(getEventMeta((await stream.next()).value)).toEqual({ id: '7', retry: 100, comments: ['c1'] })
  await stream.return()
  await server.close()
})

test('the reference client passes over the positions that our streams announce', async () => {
  const publisher = new Publisher<{ news: { n: number } }>(new MemoryLog())
  const news = os.handler(({ signal, lastEventId }) => publisher.subscribe('news', { signal, lastEventId }))
  const server = await serveNode({ news }, { heartbeat: 5 })
  const stream = await referenceClient(server.url).news()
  const seen: unknown[] = []
  for (let n = 1; n <= 3; n++) {
    await publisher.publish('news', { n })
    seen.push((await stream.next()).value)
    await new Promise((resolve) => setTimeout(resolve, 15))
  }
  expect(seen).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }])
  await stream.return()
  await publisher.close()
  await server.close()
})

test('the reference client gets the data and the headers of a call that is one too many', async () => {
  const limiter = new MemoryRateLimiter({ maxRequests: 1, window: 60_000 })
  const plugins = [new RateLimitPlugin({ limiter, key: () => 'all' })]
  const server = await serveNode({ ping: os.handler(() => 'pong') }, { plugins })
  const headers: (string | null)[] = []
  const fetch = async (request: Request): Promise<Response> => {
    const response = await globalThis.fetch(request)
    headers.push(response.headers.get('ratelimit-remaining'), response.headers.get('retry-after'))
    return response
  }
  const client = createORPCClient(new ReferenceLink({ url: server.url, fetch })) as any
  expect(await client.ping()).toBe('pong')
  await expect(client.ping()).rejects.toMatchObject({
    code: 'TOO_MANY_REQUESTS',
    status: 429,
    data: { limit: 1, remaining: 0 },
  })
  expect(headers).toEqual(['0', null, '0', '60'])
  await server.close()
})
