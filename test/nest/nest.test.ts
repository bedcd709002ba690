import { APP_GUARD } from '@nestjs/core'
import { createORPCClient } from '@orpc/client'
import { OpenAPILink as ReferenceLink } from '@orpc/openapi-client/fetch'
import { os as referenceOs } from '@orpc/server'
import { createClient } from 'headwater/client'
import { RPCLink } from 'headwater/client/fetch'
import { BatchLinkPlugin } from 'headwater/client/plugins'
import { RPCLink as SocketLink } from 'headwater/client/websocket'
import { HeadwaterModule } from 'headwater/nest'
import { OpenAPILink, SmartCoercionPlugin } from 'headwater/openapi'
import { BatchHandlerPlugin } from 'headwater/server/plugins'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { contract } from './fixture/contract.ts'
import {
  LiveController,
  left,
  PlainController,
  PlanetController,
  RequestName,
  ScopedController,
  ShoutController,
} from './fixture/controllers.ts'
import { GlobalGuard, Secrets, trace } from './fixture/enhancers.ts'
import { PLATFORMS, startApp, type TestApp } from './tools/start-app.ts'

describe.each(PLATFORMS)('controllers on %s', (platform) => {
  let server: TestApp

  beforeAll(async () => {
    server = await startApp(platform, {
      imports: [
        HeadwaterModule.forRoot({
          contract,
          context: ({ request }) => ({ user: request.user }),
          plugins: [new SmartCoercionPlugin()],
          rpc: { plugins: [new BatchHandlerPlugin()] },
          websocket: { server: new WebSocketServer({ noServer: true }) },
        }),
      ],
      controllers: [PlanetController, LiveController, ScopedController, ShoutController, PlainController],
      providers: [Secrets, RequestName, { provide: APP_GUARD, useClass: GlobalGuard }],
    })
  })

  afterAll(() => server.close())

  beforeEach(() => {
    trace.length = 0
    left.count = 0
  })

  const ask = (path: string, init?: RequestInit): Promise<Response> => fetch(`${server.url}${path}`, init)

  const post = (path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> =>
    ask(path, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json', ...headers },
    })

  describe('as routes', () => {
    test('take params and the query, and answer in JSON', async () => {
      const response = await ask('/planets/a%2Fb?page=2')
      expect(response.status).toBe(200)
      expect(response.headers.get('content-type')).toMatch('application/json')
      expect(await response.json()).toEqual({ id: 'a/b', page: 2, at: '1970-01-01T00:00:00.000Z' })
    })

    test('answer with text as JSON, with nothing, and with the status of the contract', async () => {
      expect(await (await ask('/planets/7/name')).text()).toBe('"planet 7"')
      const nothing = await ask('/planets/7', { method: 'DELETE' })
      expect([nothing.status, await nothing.text()]).toEqual([204, ''])
      expect((await post('/planets', { name: 'Mars' })).status).toBe(201)
    })

    test('send and take files, and the rest of a path', async () => {
      const file = await ask('/planets/files/a/b.txt')
      expect(await file.text()).toBe('content of a/b.txt')
      expect(file.headers.get('content-disposition')).toContain('filename="a.txt"')
      const form = new FormData()
      form.set('title', 'Mine')
      form.set('file', new File(['hello'], 'x.txt'))
      const upload = await ask('/planets/upload', { method: 'POST', body: form })
      expect(await upload.json()).toEqual({ text: 'Mine: hello' })
    })

    test('take forms that a body parser has read', async () => {
      const body = new URLSearchParams([
        ['user[name]', 'Ada'],
        ['tags[]', 'x'],
        ['tags[]', 'y'],
      ])
      const response = await ask('/planets/form', { method: 'POST', body })
      expect(await response.json()).toEqual({ user: { name: 'Ada' }, tags: ['x', 'y'] })
    })

    test('leave bodies for others to be refused as before', async () => {
      const response = await ask('/plain', { method: 'POST', body: 'x', headers: { 'content-type': 'text/x-odd' } })
      expect(response.status).toBe(platform === 'fastify' ? 415 : 201)
    })

    test('take and give everything in detail', async () => {
      const response = await post('/planets/detailed/7?q=x', { b: 1 }, { 'x-in': 'in' })
      expect([response.status, response.headers.get('x-out')]).toEqual([202, 'in'])
      expect(await response.json()).toMatchObject({ params: { id: '7' }, query: { q: 'x' }, body: { b: 1 } })
    })

    test('stream, resume and end', async () => {
      const response = await ask('/live', { headers: { 'last-event-id': '2' } })
      expect(response.headers.get('content-type')).toBe('text/event-stream')
      expect(await response.text()).toBe(
        ': \n\nevent: message\nid: 3\ndata: {"n":3}\n\nevent: done\ndata: "sesame"\n\n',
      )
    })

    test('answer HEAD without a body, and run nothing on', async () => {
      const response = await ask('/wait', { method: 'HEAD' })
      expect([response.status, await response.text()]).toEqual([200, ''])
      await vi.waitFor(() => expect(trace).toContain('guard LiveController.route'))
    })

    test('are left to Nest where there are none', async () => {
      const response = await ask('/nowhere')
      expect(await response.json()).toMatchObject({ statusCode: 404 })
    })
  })

  test('guards and interceptors run once, in order, and see the output', async () => {
    await ask('/planets/7/name')
    expect(trace).toEqual(['global guard http', 'guard PlanetController.route', 'before', 'after'])
  })

  test('interceptors change the output, which is encoded as the contract says', async () => {
    expect(await (await ask('/shout/7/name')).json()).toBe('PLANET 7')
  })

  test('interceptors set headers', async () => {
    expect((await ask('/planets/7/name')).headers.get('x-wrapped')).toBe('yes')
  })

  test('a guard above @Implement() of a router guards all of its procedures', async () => {
    const response = await ask('/planets/7', { headers: { 'x-refuse': 'sesame' } })
    expect([response.status, await response.json()]).toEqual([
      403,
      { statusCode: 403, message: 'No entry', error: 'Forbidden' },
    ])
    expect(trace).not.toContain('before')
    expect((await ask('/planets/7', { headers: { 'x-refuse': 'plainly' } })).status).toBe(403)
  })

  test('parameters of the method and the context come from the request', async () => {
    const response = await ask('/who', { headers: { 'x-user': 'ada', 'x-number': '5' } })
    expect(await response.json()).toEqual({ user: 'ada', number: '5', own: 'ada', sees: 'ada', path: ['who'] })
  })

  test('controllers may be made for each request', async () => {
    RequestName.made = 0
    const names = await Promise.all(
      ['ada', 'bob'].map(async (name) => (await ask('/scoped', { headers: { 'x-user': name } })).json()),
    )
    expect([names, RequestName.made]).toEqual([['ada', 'bob'], 2])
  })

  describe('errors', () => {
    test('that filters know are theirs to answer', async () => {
      const response = await ask('/fail/teapot')
      expect([response.status, await response.json()]).toEqual([418, { message: 'short and stout', teapot: true }])
      expect(trace.filter((line) => line.startsWith('filter'))).toEqual(['filter http'])
    })

    test('of Nest are answered as on any route', async () => {
      const response = await ask('/fail/nest')
      expect([response.status, await response.json()]).toEqual([
        400,
        { statusCode: 400, message: ['a', 'b'], error: 'Bad Request' },
      ])
    })

    test('of ours are answered in the standard form', async () => {
      const response = await ask('/fail/rpc')
      expect([response.status, await response.json()]).toEqual([
        409,
        { defined: false, code: 'CONFLICT', status: 409, message: 'twice', data: { n: 1 } },
      ])
      const defined = await post('/planets', { name: 'Earth' })
      expect(await defined.json()).toMatchObject({ defined: true, code: 'TAKEN', data: { by: 'us' } })
    })

    test('that nobody knows say nothing', async () => {
      const response = await ask('/fail/unknown')
      expect([response.status, await response.json()]).toEqual([
        500,
        { defined: false, code: 'INTERNAL_SERVER_ERROR', status: 500, message: 'Internal server error' },
      ])
    })
  })

  test('a client that leaves has the handler clean up', async () => {
    const controller = new AbortController()
    const response = await ask('/wait', { signal: controller.signal })
    await response.body?.getReader().read()
    controller.abort()
    await vi.waitFor(() => expect(left.count).toBe(1))
  })

  test("the reference's OpenAPI link calls, streams and gets errors", async () => {
    const route = (method: any, path: any): any => referenceOs.route({ method, path }).handler(() => undefined)
    const reference = {
      planets: { find: route('GET', '/planets/{id}'), create: route('POST', '/planets') },
      live: route('GET', '/live'),
    }
    const client: any = createORPCClient(new ReferenceLink(reference, { url: server.url }))
    expect(await client.planets.find({ id: '7', page: 3 })).toEqual({
      id: '7',
      page: 3,
      at: '1970-01-01T00:00:00.000Z',
    })
    await expect(client.planets.create({ name: 'Earth' })).rejects.toMatchObject({
      code: 'TAKEN',
      status: 409,
      data: { by: 'us' },
    })
    const stream = await client.live()
    const seen: unknown[] = []
    for await (const event of stream) seen.push(event)
    expect(seen).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }])
  })

  const links = {
    OpenAPILink: (headers) => ({ link: new OpenAPILink(contract, { url: server.url, headers }), close: () => {} }),
    'RPCLink over HTTP': (headers) => ({ link: new RPCLink({ url: `${server.url}/rpc`, headers }), close: () => {} }),
    'RPCLink in batches': (headers) => {
      const plugins = [new BatchLinkPlugin({ groups: [{ condition: () => true, context: {} }] })]
      return { link: new RPCLink({ url: `${server.url}/rpc`, headers, plugins }), close: () => {} }
    },
    'RPCLink over a WebSocket': (headers) => {
      const connect = () =>
        new WebSocket(`${server.url.replace('http', 'ws')}/ws`, ['headwater.1'], { headers }) as never
      const link = new SocketLink({ connect })
      return { link, close: () => link.close() }
    },
    'RPCLink over a WebSocket, with headers of calls': (headers) => {
      const connect = () => new WebSocket(`${server.url.replace('http', 'ws')}/ws`, ['headwater.1']) as never
      const link = new SocketLink({ connect, headers })
      return { link, close: () => link.close() }
    },
  } satisfies Record<string, (headers: Record<string, string>) => { link: any; close: () => unknown }>

  describe.each(Object.entries(links))('%s', (name, connect) => {
    const type = name.includes('WebSocket') ? 'ws' : 'http'
    const isRPC = name !== 'OpenAPILink'

    async function withClient(headers: Record<string, string>, work: (client: any) => Promise<void>): Promise<void> {
      const { link, close } = connect(headers)
      try {
        await work(createClient(link as never))
      } finally {
        close()
      }
    }

    test('calls behind guards, interceptors and param decorators', () =>
      withClient({ 'x-user': 'ada' }, async (client) => {
        expect(await client.planets.name({ id: '7' })).toBe('planet 7')
        expect(trace).toEqual([`global guard ${type}`, 'guard PlanetController.route', 'before', 'after'])
        expect(await client.who()).toMatchObject({ user: 'ada', own: 'ada', sees: 'ada' })
        const { at } = await client.planets.find({ id: '7' })
        if (isRPC) expect(at).toEqual(new Date(0))
      }))

    test('several calls at once have requests of their own', () =>
      withClient({ 'x-user': 'ada' }, async (client) => {
        RequestName.made = 0
        const calls = await Promise.all([client.scoped(), client.scoped(), client.who()])
        expect(calls).toMatchObject(['ada', 'ada', { user: 'ada', own: 'ada' }])
        expect(RequestName.made).toBe(2)
      }))

    test('streams, resumes and leaves', () =>
      withClient({}, async (client) => {
        const seen: unknown[] = []
        for await (const event of await client.live(undefined, { lastEventId: '1' })) seen.push(event)
        expect(seen).toEqual([{ n: 2 }, { n: 3 }])
        const stream = await client.wait()
        await stream.next()
        await stream.return()
        await vi.waitFor(() => expect(left.count).toBe(1))
      }))

    test('is refused by guards', () =>
      withClient({ 'x-refuse': 'sesame' }, async (client) => {
        await expect(client.planets.name({ id: '7' })).rejects.toMatchObject({ code: 'FORBIDDEN', status: 403 })
        await expect(client.live()).rejects.toMatchObject({ code: 'FORBIDDEN', status: 403 })
        expect(trace).not.toContain('before')
      }))

    test('gets errors, and what filters answer', () =>
      withClient({}, async (client) => {
        await expect(client.fail({ how: 'rpc' })).rejects.toMatchObject({
          code: 'CONFLICT',
          message: 'twice',
          data: { n: 1 },
        })
        await expect(client.fail({ how: 'nest' })).rejects.toMatchObject({ code: 'BAD_REQUEST', status: 400 })
        await expect(client.fail({ how: 'unknown' })).rejects.toMatchObject({
          code: 'INTERNAL_SERVER_ERROR',
          message: 'Internal server error',
        })
        await expect(client.fail({ how: 'teapot' })).rejects.toMatchObject({ status: 418 })
        expect(trace.filter((line) => line.startsWith('filter'))).toEqual([`filter ${type}`])
        await expect(client.planets.create({ name: 'Earth' })).rejects.toMatchObject({
          code: 'TAKEN',
          defined: true,
          data: { by: 'us' },
        })
        await expect(client.planets.create({ name: 1 })).rejects.toMatchObject({
          code: 'BAD_REQUEST',
          data: { issues: [{}] },
        })
      }))
  })
})
