import { request } from 'node:http'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { z } from 'zod'
import { serveFetch, serveNode, type TestServer } from '../../test/tools/serve.ts'
import { serveOpenAPINode } from '../../test/tools/serve-openapi.ts'
import { createClient } from '../client/create-client.ts'
import type { ContractRouterClient } from '../contract/infer.ts'
import { RPCError } from '../core/error.ts'
import { withEventMeta } from '../event/event-meta.ts'
import { MemoryLog } from '../publisher/memory-log.ts'
import { Publisher } from '../publisher/publisher.ts'
import { os } from '../server/builder.ts'
import { lazy } from '../server/lazy.ts'
import type { RouterClient } from '../server/router.ts'
import type { HandlerInterceptor } from '../session/serve-request.ts'
import { RPCLink } from '../transport/fetch/rpc-link.ts'
import { RPCHandler as PortHandler } from '../transport/message-port/rpc-handler.ts'
import { RPCLink as PortLink } from '../transport/message-port/rpc-link.ts'
import type { InspectorSample, inspectorContract } from './inspector-contract.ts'
import { InspectorPlugin, type InspectorPluginOptions } from './inspector-plugin.ts'

let server: TestServer | undefined
afterEach(async () => {
  vi.unstubAllEnvs()
  await server?.close()
  server = undefined
})

const router = {
  greet: os
    .input(z.object({ name: z.string(), at: z.date().optional() }))
    .handler(({ input }) => `Hello, ${input.name}`),
  later: lazy(async () => ({ default: { one: os.route({ summary: 'One' }).handler(() => 1) } })),
  broken: lazy((): Promise<{ default: Record<string, never> }> => Promise.reject(new Error('no such file'))),
}

async function serve(options: InspectorPluginOptions = {}, serving = serveNode): Promise<string> {
  server = await serving(router, { plugins: [new InspectorPlugin(router, options)] })
  return server.url.replace('/rpc', '')
}

const connect = (url: string): ContractRouterClient<typeof inspectorContract> =>
  createClient(new RPCLink({ url: `${url}/inspector/data` }))

const call = (url: string, path: string, input: unknown): Promise<Response> =>
  fetch(`${url}/inspector/call/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ json: input }),
  })

describe('the page', () => {
  test('is one document that loads nothing and may run nothing else', async () => {
    const url = await serve()
    const page = await fetch(`${url}/inspector`)
    expect(page.status).toBe(200)
    expect(page.headers.get('content-security-policy')).toMatch(
      /^default-src 'none'; script-src 'sha256-[^']+'; style-src 'sha256-[^']+'; connect-src 'self';/,
    )
    expect(page.headers.get('cache-control')).toBe('no-store')
    const html = await page.text()
    expect(html.match(/<(link|script)[^>]* (href|src)="(?!data:)/g)).toBeNull()
    expect(html.replaceAll('http://www.w3.org/2000/svg', '')).not.toMatch(/(src|href|url)\W{1,3}https?:/)
  })

  test.each([
    ['at the root', serveNode, '/inspector'],
    ['behind the prefix', serveNode, '/rpc/inspector'],
    ['with a slash', serveNode, '/inspector/'],
    ['over fetch', serveFetch, '/rpc/inspector'],
  ] as const)('stands %s', async (_, serving, path) => {
    const url = await serve({ allow: () => true }, serving)
    expect((await fetch(url + path)).headers.get('content-type')).toBe('text/html; charset=utf-8')
  })

  test('leaves other addresses alone, and procedures that stand at its own', async () => {
    const own = { inspector: os.route({ method: 'GET' }).handler(() => 'mine') }
    server = await serveNode(own, { plugins: [new InspectorPlugin(own)] })
    expect(await (await fetch(`${server.url}/inspector`)).json()).toEqual({ json: 'mine' })
    expect((await fetch(server.url.replace('/rpc', '/inspectors'))).status).toBe(404)
    expect((await fetch(server.url.replace('/rpc', '/inspector'), { method: 'POST' })).status).toBe(405)
  })
})

describe('the guard', () => {
  test.each(['production', 'staging', ''])('lets nobody in where NODE_ENV is "%s", and says how to', async (mode) => {
    vi.stubEnv('NODE_ENV', mode)
    const url = await serve()
    const page = await fetch(`${url}/inspector`)
    expect(page.status).toBe(403)
    expect(await page.text()).toContain('new InspectorPlugin(router, { allow')
    await expect(connect(url).inspect()).rejects.toMatchObject({ status: 403 })
    await expect(connect(url).samples()).rejects.toMatchObject({ status: 403 })
    expect((await call(url, 'greet', { name: 'Ada' })).status).toBe(403)
    expect((await call(url.replace(/$/, '/rpc'), 'greet', { name: 'Ada' })).status).toBe(403)
  })

  test('is asked for the page, for data and for calls, with the request and the context', async () => {
    vi.stubEnv('NODE_ENV', 'production')
    const isAda: InspectorPluginOptions['allow'] = ({ request }) => request.header('x-user') === 'ada'
    const url = await serve({ allow: isAda })
    for (const path of ['/inspector', '/inspector/data/inspect', '/inspector/call/greet']) {
      expect((await fetch(url + path, { method: 'POST' })).status).toBe(403)
    }
    expect((await fetch(`${url}/inspector`, { headers: { 'x-user': 'ada' } })).status).toBe(200)
  })

  test('answers with what it throws: a browser then asks for a password', async () => {
    const allow = (): never => {
      throw new RPCError('UNAUTHORIZED', { message: 'Who are you?' })
    }
    const page = await fetch(`${await serve({ allow })}/inspector`)
    expect([page.status, page.headers.get('www-authenticate'), await page.text()]).toEqual([
      401,
      'Basic realm="inspector", charset="UTF-8"',
      'Who are you?',
    ])
  })

  test('keeps pages of other sites out, and names that only lead here', async () => {
    const url = await serve({ allow: () => true })
    const foreign = { headers: { origin: 'https://evil.test' } }
    expect((await fetch(`${url}/inspector/data/inspect`, foreign)).status).toBe(403)
    await server?.close()
    const rebound = `${await serve()}/inspector`
    const statusAt = (host: string): Promise<number | undefined> =>
      new Promise((resolve) => {
        request(rebound, { headers: { host } }, ({ statusCode }) => resolve(statusCode)).end()
      })
    expect(await Promise.all(['evil.test', 'localhost:3000', '127.0.0.1', '[::1]:80'].map(statusAt))).toEqual([
      403, 200, 200, 200,
    ])
  })
})

describe('its data', () => {
  test('has all procedures with their schemas, and what could not be loaded', async () => {
    const { title, procedures, failures } = await connect(await serve({ title: 'Greetings' })).inspect()
    expect(title).toBe('Greetings')
    expect(procedures.map(({ path }) => path.join('.'))).toEqual(['greet', 'later.one'])
    expect(procedures[0]?.input).toMatchObject({
      properties: { name: { type: 'string' }, at: { 'x-native-type': 'date' } },
      required: ['name'],
    })
    expect(procedures[1]).toMatchObject({ summary: 'One', route: 'POST /later/one' })
    expect(failures).toEqual([{ path: ['broken'], message: 'no such file' }])
  })

  test('has the channels of the publishers, their ranges, and what has happened in them', async () => {
    const publisher = new Publisher<Record<string, number>>(new MemoryLog(), { retention: { events: 2 } })
    const url = await serve({ publishers: { numbers: publisher } })
    const samples = await connect(url).samples()
    await samples.next()
    const { id } = await publisher.publish('a', 1)
    const reader = publisher.subscribe('a', { lastEventId: id })
    await reader.ready
    for (const n of [2, 3, 4]) await publisher.publish('a', n)
    const sample = await until(samples, ({ publishers }) => publishers[0]?.stats.published === 4)
    expect(sample.publishers[0]?.channels).toEqual([
      expect.objectContaining({ channel: 'a', subscribers: 1, events: 3, resumes: 1, gaps: 0, lag: 3 }),
    ])
    const [range] = await publisher.ranges(['a'])
    expect(sample.publishers[0]?.channels[0]).toMatchObject({ ...range })
    expect([range?.oldest, range?.head].map((id) => id?.split(':')[1])).toEqual(['2', '4'])
    const { notes } = sample
    expect(notes.map(({ channel, text }) => [channel, text])).toEqual([['a', `Resumed after ${id}`]])
    await samples.return()
    await publisher.close()
  })

  test('has how often procedures were called, through the page as through the handler itself', async () => {
    const url = await serve()
    const samples = await connect(url).samples()
    expect(await (await call(url, 'greet', { name: 'Ada' })).json()).toEqual({ json: 'Hello, Ada' })
    expect((await call(url, 'greet', { name: 1 })).status).toBe(400)
    await fetch(`${url}/rpc/later/one`, { method: 'POST' })
    const { calls } = await until(samples, ({ calls }) => calls.length === 2)
    expect(calls.map(({ path, calls, errors, active }) => [path.join('.'), calls, errors, active])).toEqual([
      ['greet', 2, 1, 0],
      ['later.one', 1, 0, 0],
    ])
    await samples.return()
  })

  test('begins with what others have seen of the last minutes', async () => {
    const url = await serve()
    const first = await connect(url).samples()
    const seen = [await first.next(), await first.next()]
    const second = await connect(url).samples()
    expect([await second.next(), await second.next()]).toEqual(seen)
    await Promise.all([first.return(), second.return()])
  })

  test('has the streams that clients have open, with their ids and the bytes that wait for them', async () => {
    const big = 'x'.repeat(200_000)
    const flood = os.handler(async function* ({ signal, lastEventId: _ }) {
      for (let n = 1; !signal.aborted; n++) yield withEventMeta({ big }, { id: `id-${n}` })
    })
    const flooding = { flood }
    server = await serveNode(flooding, { plugins: [new InspectorPlugin(flooding)] })
    const url = server.url.replace('/rpc', '')
    const samples = await connect(url).samples()
    const slow = await fetch(`${server.url}/flood`, { method: 'POST', headers: { 'last-event-id': 'id-0' } })
    const full = await until(samples, ({ buffered }) => buffered > 100_000)
    const [stream] = full.streams
    expect(stream).toMatchObject({ path: ['flood'], resumedAfter: 'id-0', buffered: full.buffered })
    expect(stream?.position).toBe(`id-${stream?.events}`)
    await slow.body?.cancel()
    await until(samples, ({ streams }) => streams.length === 0)
    await samples.return()
  })

  test('has the connections of other handlers that know it, and the streams over them', async () => {
    const watched = {
      wait: os.handler(async function* ({ signal }) {
        yield 1
        await new Promise((resolve) => signal.addEventListener('abort', resolve))
      }),
    }
    const inspector = new InspectorPlugin(watched)
    server = await serveNode(watched, { plugins: [inspector] })
    const { port1, port2 } = new MessageChannel()
    new PortHandler(watched, { plugins: [inspector] }).upgrade(port1)
    const client: RouterClient<typeof watched> = createClient(new PortLink({ port: port2 }))
    const stream = await client.wait()
    await stream.next()
    const samples = await connect(server.url.replace('/rpc', '')).samples()
    const { connections, streams } = await until(samples, ({ streams }) => streams.length === 1)
    expect(connections).toMatchObject([{ calls: 1, buffered: 0, protocol: 'headwater.1' }])
    expect(streams).toMatchObject([{ path: ['wait'], connection: connections[0]?.id, events: 1 }])
    await stream.return(undefined)
    port2.close()
    await until(samples, ({ connections }) => connections.length === 0)
    await samples.return()
  })
})

test('calls pass the interceptors of the handler, over the RPC protocol wherever the page is served', async () => {
  const seen: string[] = []
  const interceptor: HandlerInterceptor = ({ path, next }) => {
    seen.push(path.join('.'))
    return next()
  }
  const inspected = { greet: router.greet }
  const plugins = [new InspectorPlugin(inspected)]
  server = await serveOpenAPINode(inspected, { plugins, interceptors: [interceptor] })
  const url = server.url.replace('/api', '')
  expect(await (await call(url, 'greet', { name: 'Bob' })).json()).toEqual({ json: 'Hello, Bob' })
  expect(seen).toEqual(['greet'])
})

async function until(
  samples: AsyncIterator<InspectorSample>,
  holds: (sample: InspectorSample) => boolean,
): Promise<InspectorSample> {
  for (;;) {
    const { value } = await samples.next()
    if (holds(value)) return value
  }
}
