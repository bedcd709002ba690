import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import { z } from 'zod'
import { rejection } from '../../test/tools/probes.ts'
import { createClient } from '../client/create-client.ts'
import { eventIterator } from '../contract/event-iterator.ts'
import { RPCError } from '../core/error.ts'
import { EventPublisher } from '../event/event-publisher.ts'
import type { OpenAPIDocument } from '../openapi/document/openapi-document.ts'
import type { RouterClient } from '../server/router.ts'
import { RPCLink as FetchLink } from '../transport/fetch/rpc-link.ts'
import { RPCLink as SocketLink } from '../transport/websocket/rpc-link.ts'
import { App } from './app.ts'
import type { RunningServer } from './app-server.ts'

const posts = new EventPublisher<{ created: { id: number; title: string } }>()
const errors: unknown[] = []

const app = new App({
  context: (request) => {
    const user = request.headers.get('x-user') ?? new URL(request.url).searchParams.get('user')
    if (user === null) throw new RPCError('UNAUTHORIZED', { message: 'Say who you are' })
    return { user }
  },
  onError: (error) => errors.push(error),
})
  .procedure('post.create', (base) =>
    base.input(z.object({ title: z.string() })).handler(({ input, context }) => {
      posts.publish('created', { id: 1, title: `${input.title} by ${context.user}` })
    }),
  )
  .procedure('post.live', (base) =>
    base
      .output(eventIterator(z.object({ id: z.number(), title: z.string() })))
      .handler(({ signal }) => posts.subscribe('created', { signal })),
  )
  .procedure('post.find', (base) =>
    base
      .route({ method: 'GET', path: '/posts/{id}' })
      .input(z.object({ id: z.number() }))
      .handler(({ input, context }) => ({ ...input, ...context })),
  )
  .procedure('broken', (base) =>
    base.handler(() => {
      throw new Error('secret')
    }),
  )
  .build()

type Client = RouterClient<typeof app.router>

let server: RunningServer

beforeEach(async () => {
  errors.length = 0
  server = await app.listen()
})

afterEach(() => server.close())

function overHTTP(url = server.url): Client {
  return createClient(new FetchLink({ url: `${url}/rpc`, headers: { 'x-user': 'ada' } }))
}

describe('an app that listens', () => {
  test('serves its procedures by their names over HTTP', async () => {
    const live = await overHTTP().post.live()
    await overHTTP().post.create({ title: 'Hello' })
    expect((await live.next()).value).toEqual({ id: 1, title: 'Hello by ada' })
    await live.return()
    expect((await fetch(`${server.url}/elsewhere`)).status).toBe(404)
  })

  test('serves them over WebSocket at the same path, with the context of the request that opened it', async () => {
    const url = `${server.url.replace('http', 'ws')}/rpc?user=bob`
    const link = new SocketLink({ connect: () => new WebSocket(url, ['headwater.1']) as never })
    const client: Client = createClient(link)
    const live = await client.post.live()
    await client.post.create({ title: 'Hi' })
    expect((await live.next()).value).toEqual({ id: 1, title: 'Hi by bob' })
    link.close()
    await vi.waitUntil(() => posts.subscriberCount() === 0)
  })

  test('lets no page of another origin open a WebSocket', async () => {
    const socket = new WebSocket(`${server.url.replace('http', 'ws')}/rpc`, { origin: 'https://evil.example' })
    const refusal = await new Promise<Error>((resolve) => socket.once('error', resolve))
    expect(refusal.message).toContain('403')
  })

  test('answers with what its context throws', async () => {
    const stranger: Client = createClient(new FetchLink({ url: `${server.url}/rpc` }))
    const error = await rejection(stranger.post.create({ title: 'x' }))
    expect([error.code, error.message, errors]).toEqual(['UNAUTHORIZED', 'Say who you are', []])
  })

  test('tells of unexpected errors, but not its clients', async () => {
    const error = await rejection(overHTTP().broken())
    expect([error.code, error.message]).toEqual(['INTERNAL_SERVER_ERROR', 'Internal server error'])
    expect(errors).toEqual([new Error('secret')])
  })

  test('closes with streams open, and their clients resume when it listens again', async () => {
    const link = new FetchLink({
      url: `${server.url}/rpc`,
      headers: { 'x-user': 'ada' },
      resume: 'always',
      backoff: { initialDelay: 1, maxDelay: 5 },
    })
    const live = await createClient<Client>(link).post.live()
    const next = live.next()
    await server.close()
    server = await app.listen(server.port)
    await vi.waitUntil(() => posts.subscriberCount() === 1)
    posts.publish('created', { id: 2, title: 'Again' })
    expect((await next).value).toEqual({ id: 2, title: 'Again' })
    await live.return()
  })
})

describe('beside its procedures, an app', () => {
  test('serves them as plain HTTP, by their routes, with the document', async () => {
    const response = await fetch(`${server.url}/api/posts/7`, { headers: { 'x-user': 'ada' } })
    expect([response.status, await response.json()]).toEqual([200, { id: 7, user: 'ada' }])
    const events = await fetch(`${server.url}/api/post/live`, { method: 'POST', headers: { 'x-user': 'ada' } })
    expect(events.headers.get('content-type')).toContain('text/event-stream')
    await events.body?.cancel()
    for (const answer of [await fetch(`${server.url}/api/spec.json`), await app.fetch(get('/api/spec.json'))]) {
      const { openapi, info, servers, paths } = (await answer.json()) as OpenAPIDocument & { servers: unknown }
      expect([openapi, info.title, servers]).toEqual(['3.1.1', 'API', [{ url: '/api' }]])
      expect(Object.keys(paths)).toEqual(['/post/create', '/post/live', '/posts/{id}', '/broken'])
    }
  })

  test('serves a page for streams, but not in production', async () => {
    for (const answer of [await fetch(`${server.url}/streams`), await app.fetch(get('/streams?x'))]) {
      const page = await answer.text()
      expect(page).toContain('<button data-name="post.live">post.live</button> <small>stream</small>')
      expect(page).toContain('<button data-name="post.create">post.create</button></li>')
    }
    vi.stubEnv('NODE_ENV', 'production')
    const page = async (app: App): Promise<number> => (await app.build().fetch(get('/streams'))).status
    expect([await page(new App()), await page(new App({ streamsPage: true }))]).toEqual([404, 200])
    vi.unstubAllEnvs()
  })

  test('serves none of it where it is told not to', async () => {
    const bare = new App({ openapi: false, streamsPage: false }).build()
    for (const path of ['/api/spec.json', '/streams']) expect((await bare.fetch(get(path))).status).toBe(404)
  })
})

const get = (path: string): Request => new Request(`http://x.test${path}`)

test('an app answers a Request with a Response', async () => {
  const client: Client = createClient(
    new FetchLink({
      url: 'http://x.test/rpc',
      headers: { 'x-user': 'eve' },
      fetch: (url, init) => app.fetch(new Request(url, init)),
    }),
  )
  const live = await client.post.live()
  await client.post.create({ title: 'Hey' })
  expect((await live.next()).value).toEqual({ id: 1, title: 'Hey by eve' })
  await live.return()
  expect((await app.fetch(new Request('http://x.test/'))).status).toBe(404)
})

test('names that no client could call are refused at once', () => {
  const build = (...names: string[]) =>
    names
      .reduce<App<any, any>>((app, name) => app.procedure(name as never, (base) => base.handler(() => 1)), new App())
      .build()
  for (const name of ['', 'a.', 'a..b', '__proto__.x', 'a b', 'x.then']) expect(() => build(name)).toThrow('no name')
  expect(() => build('a', 'a')).toThrow("There is something at 'a'")
  expect(() => build('a', 'a.b')).toThrow('inside another procedure')
  expect(() => build('a.b', 'a')).toThrow("There is something at 'a'")
})
