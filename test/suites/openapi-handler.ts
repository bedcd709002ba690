import { afterEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { eventIterator } from '../../src/contract/event-iterator.ts'
import { RPCError } from '../../src/core/error.ts'
import { withEventMeta } from '../../src/event/event-meta.ts'
import { SmartCoercionPlugin } from '../../src/openapi/smart-coercion-plugin.ts'
import { MemoryLog } from '../../src/publisher/memory-log.ts'
import { Publisher } from '../../src/publisher/publisher.ts'
import { os } from '../../src/server/builder.ts'
import { lazy } from '../../src/server/lazy.ts'
import type { Router } from '../../src/server/router.ts'
import { gate } from '../tools/gate.ts'
import type { TestServer } from '../tools/serve.ts'
import type { ServeOpenAPI, ServeOpenAPIOptions } from '../tools/serve-openapi.ts'

const JSON_TYPE = { 'content-type': 'application/json' }

/** What every handler of plain HTTP does, whatever it runs on. */
export function testOpenAPIHandler(serve: ServeOpenAPI): void {
  let running: TestServer | undefined

  afterEach(async () => {
    await running?.close()
    running = undefined
  })

  async function start(router: Router, options: ServeOpenAPIOptions = {}): Promise<TestServer> {
    running = await serve(router, options)
    return running
  }

  function send(
    method: string,
    url: string,
    body: unknown,
    headers: Record<string, string> = JSON_TYPE,
  ): Promise<Response> {
    return fetch(url, { method, headers, body: typeof body === 'string' ? body : JSON.stringify(body) })
  }

  describe('a route', () => {
    const echo = os.handler(({ input, path }) => ({ input, path }))

    test('is POST at the place in the router by default', async () => {
      const { url } = await start({ planet: { create: echo } })
      const response = await send('POST', `${url}/planet/create`, { name: 'Earth' })
      expect(response.headers.get('content-type')).toBe('application/json')
      expect(await response.json()).toEqual({ input: { name: 'Earth' }, path: ['planet', 'create'] })
    })

    test.each([
      ['/planets/{id}', '/planets/a%2Fb%20c?x=1', { id: 'a/b c', x: '1' }],
      ['/files/{+rest}', '/files/a/b%20c/d.txt', { rest: 'a/b c/d.txt' }],
      ['/{tenant}/files/{+rest}', '/acme/files/x/y', { tenant: 'acme', rest: 'x/y' }],
      ['/files/{name}.{ext}', '/files/report.pdf', { name: 'report', ext: 'pdf' }],
      ['/users/{user-id}/posts', '/users/7/posts/', { 'user-id': '7' }],
      ['/v1.0/a:b/{id}', '/v1.0/a:b/1', { id: '1' }],
    ])('%s takes its parameters from %s', async (path, request, input) => {
      const { url } = await start({
        find: os.route({ method: 'GET', path: path as '/' }).handler(({ input }) => input),
      })
      expect(await (await fetch(`${url}${request}`)).json()).toEqual(input)
    })

    test('with text wins over one with a parameter, and parameters over what the query says', async () => {
      const { url } = await start({
        one: os.route({ method: 'GET', path: '/planets/{id}' }).handler(({ input }) => input),
        mine: os.route({ method: 'GET', path: '/planets/mine' }).handler(() => 'mine'),
      })
      expect(await (await fetch(`${url}/planets/mine`)).json()).toBe('mine')
      expect(await (await fetch(`${url}/planets/1?id=2`)).json()).toEqual({ id: '1' })
    })

    test('stands under the prefixes of its routers', async () => {
      const list = os.route({ method: 'GET', path: '/' }).handler(() => [])
      const router = os.prefix('/v2').router({ planets: os.prefix('/{tenant}/planets').router({ list }) })
      const { url } = await start(router)
      expect((await fetch(`${url}/v2/acme/planets`)).status).toBe(200)
    })

    test.each(['/nope', '/toString', '/__proto__', '/planet', ''])(
      'is not at %s, which is left to the application',
      async (path) => {
        const { url } = await start({ planet: { find: echo } })
        const response = await fetch(`${url}${path}`)
        expect([response.status, await response.text()]).toEqual([404, 'no match'])
      },
    )

    test('that is not well encoded is refused', async () => {
      const { url } = await start({ find: os.route({ method: 'GET', path: '/planets/{id}' }).handler(() => 1) })
      expect((await fetch(`${url}/planets/%E0%A4%A`)).status).toBe(400)
    })

    test('in a lazy part is loaded when it is asked for, and again after a failure', async () => {
      let loads = 0
      const load = async () => {
        if (++loads === 1) throw new Error('not yet')
        return { default: { list: os.route({ method: 'GET', path: '/' }).handler(() => ['Earth']) } }
      }
      const untouched = os.prefix('/moons').lazy<{ readonly list: typeof echo }>(async () => {
        throw new Error('never asked for')
      })
      const { url } = await start({ planets: os.prefix('/planets').lazy(load), moons: untouched, eager: echo })
      expect((await send('POST', `${url}/eager`, 1)).status).toBe(200)
      expect(loads).toBe(0)
      expect((await fetch(`${url}/planets`)).status).toBe(500)
      expect(await (await fetch(`${url}/planets`)).json()).toEqual(['Earth'])
      expect(loads).toBe(2)
    })

    test('in a lazy part without a prefix is found where the router has it', async () => {
      const { url } = await start({ a: lazy(async () => ({ default: { b: lazy(async () => ({ default: echo })) } })) })
      expect((await send('POST', `${url}/a/b`, 1)).status).toBe(200)
    })

    test('that the filter leaves out is not there', async () => {
      const { url } = await start({ inner: echo, outer: echo }, { filter: ({ path }) => path[0] !== 'inner' })
      expect((await send('POST', `${url}/inner`, 1)).status).toBe(404)
      expect((await send('POST', `${url}/outer`, 1)).status).toBe(200)
    })
  })

  describe('a method', () => {
    const router = {
      list: os.route({ method: 'GET', path: '/planets' }).handler(() => ['Earth']),
      create: os.route({ method: 'POST', path: '/planets' }).handler(() => 'created'),
      remove: os.route({ method: 'DELETE', path: '/planets/{id}' }).handler(({ input }) => input),
      live: os.route({ method: 'GET', path: '/live' }).handler(async function* ({ signal }) {
        await new Promise((resolve) => signal.addEventListener('abort', resolve))
        yield 1
      }),
    }

    test('that nothing has at a path is 405, and those that there are are named', async () => {
      const { url } = await start(router)
      const response = await fetch(`${url}/planets`, { method: 'PATCH' })
      expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, POST, HEAD, OPTIONS'])
      expect(await response.json()).toMatchObject({ code: 'METHOD_NOT_SUPPORTED', status: 405, defined: false })
    })

    test('OPTIONS tells which there are', async () => {
      const { url } = await start(router)
      const response = await fetch(`${url}/planets/7`, { method: 'OPTIONS' })
      expect([response.status, response.headers.get('allow')]).toEqual([204, 'DELETE, OPTIONS'])
    })

    test('HEAD is a GET without a body, of streams too', async () => {
      const { url } = await start(router)
      const response = await fetch(`${url}/planets`, { method: 'HEAD' })
      expect([response.status, response.headers.get('content-length'), await response.text()]).toEqual([200, '9', ''])
      const stream = await fetch(`${url}/live`, { method: 'HEAD' })
      expect([stream.headers.get('content-type'), await stream.text()]).toEqual(['text/event-stream', ''])
    })

    test('DELETE takes its input from the path and the query, or a body', async () => {
      const { url } = await start(router)
      expect(await (await fetch(`${url}/planets/7?force=1`, { method: 'DELETE' })).json()).toEqual({
        id: '7',
        force: '1',
      })
      expect(await (await send('DELETE', `${url}/planets/7`, { force: 1 })).json()).toEqual({ id: '7', force: 1 })
    })
  })

  describe('an input', () => {
    const echo = {
      get: os.route({ method: 'GET' }).handler(({ input }) => input),
      post: os.handler(({ input }) => input),
      put: os.route({ method: 'PUT', path: '/put/{id}' }).handler(({ input }) => input),
      detailed: os
        .route({ method: 'POST', path: '/detailed/{id}', inputStructure: 'detailed' })
        .handler(({ input }) => ({ ...(input as object), headers: (input as any).headers['x-mine'] })),
    }

    test.each([
      ['a=1&b=2', { a: '1', b: '2' }],
      ['types[]=info', { types: ['info'] }],
      ['types=a&types=b', { types: ['a', 'b'] }],
      ['types%5B0%5D=a&types%5B1%5D=b', { types: ['a', 'b'] }],
      ['user[name][first]=Ada&user[tags][]=x', { user: { name: { first: 'Ada' }, tags: ['x'] } }],
      ['a=1+2%263', { a: '1 2&3' }],
      ['a[=1', { 'a[': '1' }],
      ['', {}],
    ])('in the query %s is read in bracket notation', async (query, input) => {
      const { url } = await start(echo)
      expect(await (await fetch(`${url}/get?${query}`)).json()).toEqual(input)
    })

    test.each([
      ['an optional object', z.object({ a: z.string() }).optional(), null],
      ['an object of optional properties', z.object({ a: z.string().optional() }), {}],
      ['nothing', z.void(), null],
    ])('of %s may be left out of a GET', async (_, schema, input) => {
      const get = os
        .route({ method: 'GET' })
        .input(schema)
        .handler(({ input }) => [input])
      const { url } = await start({ get })
      expect(await (await fetch(`${url}/get`)).json()).toEqual([input])
    })

    test.each(['__proto__[x]=1', 'a[constructor][prototype][x]=1', 'a[__proto__]=1', 'constructor[prototype][x]=1'])(
      'in the query %s is refused, and pollutes nothing',
      async (query) => {
        const { url } = await start(echo)
        expect((await fetch(`${url}/get?${query}`)).status).toBe(400)
        expect(({} as Record<string, unknown>)['x']).toBeUndefined()
      },
    )

    test.each([
      ['nested too deeply', `a${'[b]'.repeat(64)}=1`],
      ['with holes without end', Array.from({ length: 11 }, (_, n) => `a${n}[999]=1`).join('&')],
    ])('in a query that is %s is refused', async (_, query) => {
      const { url } = await start(echo)
      expect((await fetch(`${url}/get?${query}`)).status).toBe(400)
    })

    test('in a form is read in bracket notation', async () => {
      const { url } = await start(echo)
      const urlencoded = await fetch(`${url}/post`, {
        method: 'POST',
        body: new URLSearchParams([['user[name]', 'Ada']]),
      })
      expect(await urlencoded.json()).toEqual({ user: { name: 'Ada' } })
      const form = new FormData()
      form.set('user[name]', 'Ada')
      expect(await (await fetch(`${url}/post`, { method: 'POST', body: form })).json()).toEqual({
        user: { name: 'Ada' },
      })
    })

    test('in a body is merged with the parameters of the path', async () => {
      const { url } = await start(echo)
      expect(await (await send('PUT', `${url}/put/7`, { name: 'x', id: '8' })).json()).toEqual({ name: 'x', id: '7' })
    })

    test('in detail has the params, the query, the headers and the body', async () => {
      const { url } = await start(echo)
      const response = await send('POST', `${url}/detailed/7?page=2`, [1], { ...JSON_TYPE, 'x-mine': 'yes' })
      expect(await response.json()).toEqual({ params: { id: '7' }, query: { page: '2' }, headers: 'yes', body: [1] })
    })

    test('with files gets them as files, alone or among other fields', async () => {
      const upload = os.input(z.object({ title: z.string(), files: z.array(z.file()) })).handler(async ({ input }) => ({
        title: input.title,
        files: await Promise.all(input.files.map(async (file) => [file.name, file.type, await file.text()])),
      }))
      const raw = os.input(z.file()).handler(async ({ input }) => [input.name, input.type, await input.text()])
      const { url } = await start({ upload, raw })
      const form = new FormData()
      form.set('title', 'two')
      form.append('files[]', new File(['a'], 'a.txt', { type: 'text/plain' }))
      form.append('files[]', new File(['b'], 'b.txt', { type: 'text/plain' }))
      expect(await (await fetch(`${url}/upload`, { method: 'POST', body: form })).json()).toEqual({
        title: 'two',
        files: [
          ['a.txt', 'text/plain', 'a'],
          ['b.txt', 'text/plain', 'b'],
        ],
      })
      const headers = { 'content-type': 'image/png', 'content-disposition': `attachment; filename*=utf-8''%C3%BC.png` }
      expect(await (await send('POST', `${url}/raw`, 'png', headers)).json()).toEqual(['ü.png', 'image/png', 'png'])
    })

    test.each([
      ['JSON that is none', '{"a":', JSON_TYPE, 400],
      ['JSON that is nested too deeply', '['.repeat(70) + ']'.repeat(70), JSON_TYPE, 400],
      ['a form that is none', 'x', { 'content-type': 'multipart/form-data; boundary=y' }, 400],
      ['a type that the procedure does not take', '<a/>', { 'content-type': 'application/xml' }, 415],
      ['text where it takes none', 'a', { 'content-type': 'text/plain' }, 415],
      ['a compressed body', 'x', { ...JSON_TYPE, 'content-encoding': 'gzip' }, 415],
      ['what does not fit the schema', '{"a":1}', JSON_TYPE, 400],
      ['an event id of over 256 bytes', '{"a":"x"}', { ...JSON_TYPE, 'last-event-id': 'x'.repeat(257) }, 400],
      ['a body over the limit', `{"a":"${'x'.repeat(300)}"}`, JSON_TYPE, 413],
    ])('refuses %s', async (_, body, headers, status) => {
      const { url } = await start(
        { take: os.input(z.object({ a: z.string() })).handler(() => 1) },
        { maxBodySize: 200 },
      )
      const response = await send('POST', `${url}/take`, body, headers as Record<string, string>)
      expect([response.status, await response.json()]).toMatchObject([status, { status, defined: false }])
    })

    test('that is a stream is read as it comes', async () => {
      const sum = os.input(eventIterator(z.number())).handler(async ({ input }) => {
        let total = 0
        for await (const n of input) total += n
        return total
      })
      const { url } = await start({ sum })
      const body = 'data: 1\n\nevent: message\ndata: 2\n\nevent: done\ndata: \n\n'
      expect(await (await send('POST', `${url}/sum`, body, { 'content-type': 'text/event-stream' })).json()).toBe(3)
    })

    test('is made what the schema asks for by SmartCoercionPlugin', async () => {
      const find = os
        .route({ method: 'GET', path: '/find/{id}' })
        .input(
          z.object({
            id: z.number(),
            since: z.date(),
            big: z.bigint(),
            on: z.boolean(),
            tags: z.array(z.enum(['a', 'b'])),
            ids: z.set(z.number()),
            at: z.object({ x: z.number() }),
            either: z.union([z.number(), z.boolean()]),
            text: z.union([z.string(), z.number()]),
            size: z.literal([1, 2]).optional(),
            more: z.number().nullish(),
          }),
        )
        .handler(({ input }) => ({
          ...input,
          types: [input.since instanceof Date, typeof input.big, input.ids instanceof Set],
        }))
      const { url } = await start({ find }, { plugins: [new SmartCoercionPlugin()] })
      const query = 'since=2020-01-01&big=12&on=true&tags=a&ids=1&ids=2&at[x]=1.5&either=true&text=5&size=2&more=3'
      expect(await (await fetch(`${url}/find/7?${query}`)).json()).toEqual({
        id: 7,
        since: '2020-01-01T00:00:00.000Z',
        big: '12',
        on: true,
        tags: ['a'],
        ids: [1, 2],
        at: { x: 1.5 },
        either: true,
        text: '5',
        size: 2,
        more: 3,
        types: [true, 'bigint', true],
      })
      expect((await fetch(`${url}/find/seven?${query}`)).status).toBe(400)
    })
  })

  describe('an output', () => {
    test('is plain JSON', async () => {
      const value = {
        at: new Date(0),
        big: 1n,
        set: new Set([1]),
        map: new Map([['a', 1]]),
        nan: Number.NaN,
        no: undefined,
      }
      const { url } = await start({ get: os.handler(() => value) })
      const response = await send('POST', `${url}/get`, {})
      expect(await response.json()).toEqual({
        at: '1970-01-01T00:00:00.000Z',
        big: '1',
        set: [1],
        map: [['a', 1]],
        nan: null,
      })
    })

    test('has the status of its route, and no body where there is none', async () => {
      const { url } = await start({
        create: os.route({ successStatus: 201 }).handler(() => 'x'),
        remove: os.route({ successStatus: 204 }).handler(() => 'nobody sees this'),
        nothing: os.handler(() => undefined),
      })
      const answers = await Promise.all(
        ['create', 'remove', 'nothing'].map((name) => send('POST', `${url}/${name}`, {})),
      )
      expect(await Promise.all(answers.map(async (answer) => [answer.status, await answer.text()]))).toEqual([
        [201, '"x"'],
        [204, ''],
        [200, ''],
      ])
    })

    test('in detail has a status, headers and a body', async () => {
      const detailed = os.route({ outputStructure: 'detailed' })
      const { url } = await start({
        move: detailed.handler(() => ({ status: 302, headers: { Location: '/new', 'set-cookie': ['a=1', 'b=2'] } })),
        csv: detailed.handler(() => ({ headers: { 'content-type': 'text/csv' }, body: 'a,b' })),
        wrong: detailed.handler(() => ({ status: 500 })),
      })
      const moved = await fetch(`${url}/move`, { method: 'POST', redirect: 'manual' })
      expect([moved.status, moved.headers.get('location')]).toEqual([302, '/new'])
      expect(moved.headers.get('set-cookie')).toContain('a=1')
      const csv = await send('POST', `${url}/csv`, {})
      expect([csv.headers.get('content-type'), await csv.text()]).toEqual(['text/csv', 'a,b'])
      expect((await send('POST', `${url}/wrong`, {})).status).toBe(500)
    })

    test('that is a file is sent as it is', async () => {
      const file = new File(['hello'], 'grüße.txt', { type: 'text/plain' })
      const { url } = await start({ get: os.route({ method: 'GET' }).handler(() => file) })
      const response = await fetch(`${url}/get`)
      expect(response.headers.get('content-type')).toMatch(/^text\/plain/)
      expect(response.headers.get('content-length')).toBe('5')
      expect(response.headers.get('content-disposition')).toContain("filename*=utf-8''gr%C3%BC%C3%9Fe.txt")
      expect(await response.text()).toBe('hello')
    })

    test('with files among other things is a form', async () => {
      const { url } = await start({ get: os.handler(() => ({ n: 1, files: [new File(['x'], 'x.txt')] })) })
      const form = await (await send('POST', `${url}/get`, {})).formData()
      expect([form.get('n'), await (form.get('files[]') as File).text()]).toEqual(['1', 'x'])
    })

    test('that the client does not accept is 406, and nothing is run', async () => {
      let runs = 0
      const { url } = await start({
        one: os
          .route({ method: 'GET' })
          .output(z.object({ n: z.number() }))
          .handler(() => ({ n: ++runs })),
        live: os
          .route({ method: 'GET' })
          .output(eventIterator(z.number()))
          .handler(async function* () {
            yield ++runs
          }),
      })
      const ask = async (name: string, accept: string) =>
        (await fetch(`${url}/${name}`, { headers: { accept } })).status
      expect([
        await ask('one', 'text/event-stream'),
        await ask('one', 'text/html'),
        await ask('live', 'application/json'),
      ]).toEqual([406, 406, 406])
      expect(runs).toBe(0)
      expect([await ask('one', 'text/html, */*;q=0.1'), await ask('live', 'text/*')]).toEqual([200, 200])
    })
  })

  describe('an error', () => {
    test('is its code, status, message and data as JSON', async () => {
      const { url } = await start({
        fail: os.errors({ TAKEN: { status: 409, data: z.object({ by: z.bigint() }) } }).handler(({ errors }) => {
          throw errors.TAKEN({ message: 'taken', data: { by: 1n } })
        }),
        bug: os.handler(() => {
          throw new Error('password=hunter2')
        }),
        known: os.handler(() => {
          throw new RPCError('NOT_FOUND')
        }),
      })
      const answers = await Promise.all(
        ['fail', 'bug', 'known'].map(async (name) => (await send('POST', `${url}/${name}`, {})).json()),
      )
      expect(answers).toEqual([
        { defined: true, code: 'TAKEN', status: 409, message: 'taken', data: { by: '1' } },
        { defined: false, code: 'INTERNAL_SERVER_ERROR', status: 500, message: 'Internal server error' },
        { defined: false, code: 'NOT_FOUND', status: 404, message: 'Not Found' },
      ])
    })
  })

  describe('a stream', () => {
    test('is server-sent events of plain JSON', async () => {
      const live = os.route({ method: 'GET' }).handler(async function* ({ input, lastEventId }) {
        yield withEventMeta({ input, lastEventId }, { id: '7', retry: 100 })
        yield new Date(0)
        return { bye: true }
      })
      const fail = os.route({ method: 'GET' }).handler(async function* () {
        yield 1
        throw new RPCError('CONFLICT', { message: 'nope' })
      })
      const nothing = os.route({ method: 'GET' }).handler(async function* () {})
      const { url } = await start({ live, fail, nothing })
      const response = await fetch(`${url}/live?types[]=info`, {
        headers: { 'last-event-id': '6', accept: 'text/event-stream' },
      })
      expect(response.headers.get('content-type')).toBe('text/event-stream')
      expect(await response.text()).toBe(
        ': \n\nevent: message\nretry: 100\nid: 7\ndata: {"input":{"types":["info"]},"lastEventId":"6"}\n\n' +
          'event: message\ndata: "1970-01-01T00:00:00.000Z"\n\nevent: done\ndata: {"bye":true}\n\n',
      )
      expect(await (await fetch(`${url}/fail`)).text()).toBe(
        ': \n\nevent: message\ndata: 1\n\nevent: error\ndata: {"defined":false,"code":"CONFLICT","status":409,"message":"nope"}\n\n',
      )
      // With data, or an EventSource would not see it.
      expect(await (await fetch(`${url}/nothing`)).text()).toBe(': \n\nevent: done\ndata: \n\n')
    })

    test('in an output in detail has headers of its own', async () => {
      const live = os.route({ method: 'GET', outputStructure: 'detailed' }).handler(() => ({
        headers: { 'x-room': '7' },
        body: (async function* () {
          yield 1
        })(),
      }))
      const { url } = await start({ live })
      const response = await fetch(`${url}/live`)
      expect([response.headers.get('x-room'), await response.text()]).toEqual([
        '7',
        ': \n\nevent: message\ndata: 1\n\nevent: done\ndata: \n\n',
      ])
    })

    test('of a publisher goes on after the last event id', async () => {
      const publisher = new Publisher<{ news: { n: number } }>(new MemoryLog(), { retention: { seconds: 60 } })
      const live = os
        .route({ method: 'GET', path: '/news/stream' })
        .output(eventIterator(z.object({ n: z.number() })))
        .handler(({ signal, lastEventId }) => publisher.subscribe('news', { signal, lastEventId }))
      const { url } = await start({ live })
      const { id } = await publisher.publish('news', { n: 1 })
      await publisher.publish('news', { n: 2 })
      const response = await fetch(`${url}/news/stream`, { headers: { 'last-event-id': id } })
      const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
      let text = ''
      while (!text.includes('data:')) text += (await reader?.read())?.value ?? ''
      expect(text).toContain('data: {"n":2}')
      expect(text).not.toContain('{"n":1}')
      await reader?.cancel()
      await publisher.close()
    })

    test('is cleaned up when its client leaves', async () => {
      const cleaned = gate()
      const live = os.route({ method: 'GET' }).handler(async function* ({ signal }) {
        try {
          yield 1
          await new Promise((resolve) => signal.addEventListener('abort', resolve))
        } finally {
          cleaned.open()
        }
      })
      const { url } = await start({ live })
      const controller = new AbortController()
      const response = await fetch(`${url}/live`, { signal: controller.signal })
      await response.body?.getReader().read()
      controller.abort()
      await cleaned.opened
    })
  })
}
