import { describe, expect, test } from 'vitest'
import { gate } from '../../../test/tools/gate.ts'
import { eventIterator } from '../../contract/event-iterator.ts'
import { RPCError } from '../../core/error.ts'
import { type } from '../../core/schema.ts'
import { os } from '../../server/builder.ts'
import type { Router } from '../../server/router.ts'
import type { RPCHandlerOptions } from '../../session/rpc-session.ts'
import type { HandlerPlugin } from '../../session/serve-request.ts'
import { RPCHandler } from '../../transport/fetch/rpc-handler.ts'
import { CompressionPlugin } from '../compression-plugin.ts'
import { CORSPlugin } from '../cors-plugin.ts'
import { CSRFPlugin } from '../csrf-plugin.ts'
import {
  RequestHeadersPlugin,
  type RequestHeadersPluginContext,
  ResponseHeadersPlugin,
  type ResponseHeadersPluginContext,
} from '../header-plugins.ts'
import { BatchHandlerPlugin } from './batch-handler-plugin.ts'

const HOST = 'https://api.test'
const PING = { url: `${HOST}/rpc/ping` }
const PONG = { index: 0, status: 200, headers: {}, body: { json: 'pong' } }

interface Ask extends RPCHandlerOptions {
  readonly router?: Router
  readonly calls?: unknown
  readonly body?: string
  readonly path?: string
  readonly prefix?: `/${string}` | undefined
  readonly method?: string
  readonly mode?: 'streaming' | 'buffered'
  readonly headers?: Record<string, string>
  readonly signal?: AbortSignal
}

const pings: Router = { ping: os.handler(() => 'pong') }

async function ask(options: Ask = {}): Promise<Response> {
  const { router = pings, calls = [PING], path = '/rpc/ping/__batch__', prefix = '/rpc', mode = 'buffered' } = options
  const { method = 'POST', headers, signal = null, plugins = [new BatchHandlerPlugin()], ...rest } = options
  const handler = new RPCHandler(router, { ...rest, plugins })
  const init: RequestInit = { method, signal, headers: { 'x-orpc-batch': mode, ...headers } }
  if (method !== 'GET') init.body = options.body ?? JSON.stringify(calls)
  const { response } = await handler.handle(new Request(HOST + path, init), { prefix })
  return response ?? new Response('no match', { status: 404 })
}

async function answersOf(options: Ask): Promise<any[]> {
  const response = await ask(options)
  expect(response.status).toBe(207)
  return (await response.json()) as any[]
}

test('answers each call with what it would have got alone', async () => {
  const router = {
    ...pings,
    echo: os.handler(({ input }) => input),
    fail: os.handler(() => {
      throw new RPCError('CONFLICT', { data: 1n })
    }),
  }
  const calls = [PING, { url: `${HOST}/rpc/echo`, body: { json: '7', meta: [[0]] } }, { url: `${HOST}/rpc/fail` }]
  expect(await answersOf({ router, calls })).toEqual([
    PONG,
    { index: 1, status: 200, headers: {}, body: { json: '7', meta: [[0]] } },
    {
      index: 2,
      status: 409,
      headers: {},
      body: {
        json: { defined: false, code: 'CONFLICT', status: 409, message: 'Conflict', data: '1' },
        meta: [[0, 'data']],
      },
    },
  ])
})

test('gives each answer as soon as it is there', async () => {
  const slow = gate<string>()
  const router = { ...pings, slow: os.handler(() => slow.opened) }
  const response = await ask({ router, mode: 'streaming', calls: [{ url: `${HOST}/rpc/slow` }, PING] })
  expect(response.headers.get('content-type')).toBe('text/event-stream')
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  while (!text.includes('pong')) text += (await reader?.read())?.value
  expect(text).toBe(': \n\nevent: message\ndata: {"index":1,"status":200,"headers":{},"body":{"json":"pong"}}\n\n')
  slow.open('slow')
  while (!text.includes('done')) text += (await reader?.read())?.value
  expect(text).toContain('data: {"index":0,"status":200,"headers":{},"body":{"json":"slow"}}\n\nevent: done')
})

test('aborts all calls when the client leaves', async () => {
  const began = gate()
  const ended = gate<unknown>()
  const wait = os.handler(({ signal }) => {
    began.open()
    signal.addEventListener('abort', () => ended.open(signal.reason))
    return ended.opened
  })
  const response = await ask({ router: { wait }, mode: 'streaming', calls: [{ url: `${HOST}/rpc/wait` }] })
  await began.opened
  await response.body?.cancel('gone')
  expect(await ended.opened).toBe('gone')
})

test('leaves alone what is no batch, and what is not under its prefix', async () => {
  const handler = new RPCHandler(pings, { plugins: [new BatchHandlerPlugin()] })
  const { response } = await handler.handle(new Request(PING.url, { method: 'POST' }), { prefix: '/rpc' })
  expect(await response?.json()).toEqual({ json: 'pong' })
  expect((await ask({ path: '/other/__batch__' })).status).toBe(404)
})

describe('a batch that is none', () => {
  test.each([
    ['not JSON', { body: '[' }, 400],
    ['no array', { calls: PING }, 400],
    ['empty', { calls: [] }, 400],
    ['a string', { calls: 'ping' }, 400],
    ['without its query', { method: 'GET' }, 400],
    ['larger than any request may be', { maxBodySize: 30 }, 413],
    ['of too many calls', { calls: Array.from({ length: 11 }, () => PING) }, 413],
    ['sent by another method', { method: 'PUT' }, 405],
  ])('is refused as a whole: %s', async (_, options: Ask, status) => {
    const response = await ask(options)
    expect(response.status).toBe(status)
    expect(await response.json()).toMatchObject({ json: { status } })
  })

  test('is one of more calls than `maxSize` says', async () => {
    const plugins = [new BatchHandlerPlugin({ maxSize: 2 })]
    expect(await answersOf({ plugins, calls: [PING, PING] })).toHaveLength(2)
    expect((await ask({ plugins, calls: [PING, PING, PING] })).status).toBe(413)
  })
})

describe('a call that is none', () => {
  test.each<[string, unknown, number]>([
    ['null', null, 400],
    ['a number', 1, 400],
    ['without a URL', {}, 400],
    ['of a relative URL', { url: '/rpc/ping' }, 400],
    ['of another host', { url: 'https://other.test/rpc/ping' }, 400],
    ['outside of the prefix', { url: `${HOST}/admin` }, 404],
    ['outside of the prefix by way of dots', { url: `${HOST}/rpc/../admin` }, 404],
    ['to no procedure', { url: `${HOST}/rpc/nope` }, 404],
    ['to a batch', { url: `${HOST}/rpc/ping/__batch__` }, 404],
    ['that is a batch', { ...PING, headers: { 'x-orpc-batch': 'streaming' } }, 400],
    ['of a method that is no string', { ...PING, method: 1 }, 400],
    ['of a method that nothing is called by', { ...PING, method: 'TRACE' }, 405],
    ['with headers that are no object', { ...PING, headers: ['a'] }, 400],
    ['with a header that is no text', { ...PING, headers: { a: { b: 1 } } }, 400],
    ['with a header that breaks its line', { ...PING, headers: { a: 'b\nc: d' } }, 400],
    ['with a message that is none', { ...PING, body: [1] }, 400],
    ['with a message for a prototype', { ...PING, body: { json: {}, meta: [[1, '__proto__', 'x']] } }, 400],
  ])('is refused alone: %s', async (_, call, status) => {
    const answers = await answersOf({ calls: [PING, call] })
    expect(answers).toMatchObject([PONG, { index: 1, status, body: { json: { status } } }])
  })

  test('is nested more deeply than can be written', async () => {
    const body = `[${JSON.stringify(PING)},{"url":"${PING.url}","body":${'['.repeat(1e5)}${']'.repeat(1e5)}}]`
    expect(await answersOf({ body })).toMatchObject([PONG, { status: 400 }])
  })

  test('by POST is refused in a batch by GET, which a mere link could send', async () => {
    const calls = encodeURIComponent(JSON.stringify([{ ...PING, method: 'POST' }]))
    const answers = await answersOf({ method: 'GET', path: `/rpc/ping/__batch__?batch=${calls}` })
    expect(answers).toMatchObject([{ status: 400 }])
  })

  test('has headers named as what objects inherit, which are headers like others', async () => {
    const router = {
      read: os.$context<RequestHeadersPluginContext>().handler(({ context }) => [...(context.reqHeaders ?? [])]),
    }
    const body = `[{"url":"${HOST}/rpc/read","headers":{"__proto__":"x","constructor":"y"}}]`
    const plugins = [new BatchHandlerPlugin(), new RequestHeadersPlugin()]
    expect(await answersOf({ router, plugins, body })).toMatchObject([
      {
        body: {
          json: [
            ['__proto__', 'x'],
            ['constructor', 'y'],
          ],
        },
      },
    ])
  })
})

describe('the headers of a call', () => {
  const router = {
    read: os
      .$context<RequestHeadersPluginContext>()
      .handler(({ context }) => Object.fromEntries(context.reqHeaders ?? [])),
  }
  const plugins = [new BatchHandlerPlugin(), new RequestHeadersPlugin()]
  const read = async (own: object, headers: Record<string, string>, body?: unknown) => {
    const [answer] = await answersOf({
      router,
      plugins,
      headers,
      calls: [{ url: `${HOST}/rpc/read`, headers: own, body }],
    })
    return answer.body.json
  }

  test('are its own and the batch’s, of which those win that a proxy may have vouched for', async () => {
    const own = { authorization: 'Bearer mine', 'X-User': 'root', 'x-list': ['a', 'b'] }
    expect(await read(own, { 'x-user': 'Ada', 'x-common': 'yes' })).toEqual({
      authorization: 'Bearer mine',
      'x-common': 'yes',
      'x-list': 'a, b',
      'x-user': 'Ada',
    })
  })

  test('do not tell of the body of the batch', async () => {
    const headers = {
      'content-type': 'application/json; charset=utf-8',
      'content-length': '90',
      'accept-encoding': 'gzip',
    }
    expect(await read({ 'accept-encoding': 'br' }, headers)).toEqual({})
    expect(await read({ 'content-type': 'text/plain' }, headers, {})).toEqual({ 'content-type': 'application/json' })
  })
})

describe('where a part of the path was taken off on the way here', () => {
  test.each([
    ['a mount of Express', '/ping/__batch__', undefined],
    ['a proxy', '/rpc/ping/__batch__', '/rpc'],
  ] as const)('by %s, it is taken off the calls, too', async (_, path, prefix) => {
    const front = prefix === undefined ? '/rpc' : '/api/rpc'
    const calls = [{ url: `${HOST}${front}/ping` }, { url: `${HOST}${front}/ping?data=` }, { url: `${HOST}/x/ping` }]
    const answers = await answersOf({ calls, path, prefix: prefix ?? ('' as '/') })
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 404])
  })
})

describe('a stream in a batch', () => {
  const alone = { status: 501, headers: { 'x-headwater-batch': 'alone' } }

  test('is to be sent alone, and is not run where the contract says that it is one', async () => {
    let runs = 0
    const stream = os.output(eventIterator(type<number>())).handler(async function* () {
      yield ++runs
    })
    const eager = os.output(eventIterator(type<number>())).handler(() => {
      runs++
      return (async function* () {})()
    })
    const calls = [{ url: `${HOST}/rpc/stream` }, { url: `${HOST}/rpc/eager` }, PING]
    expect(await answersOf({ router: { ...pings, stream, eager }, calls })).toMatchObject([
      alone,
      alone,
      { ...PONG, index: 2 },
    ])
    expect(runs).toBe(0)
  })

  test('of which nobody knew is left at once, with its signal', async () => {
    const seen: unknown[] = []
    const stream = os.handler(({ signal }) => {
      signal.addEventListener('abort', () => seen.push('aborted'))
      const source = (async function* () {
        yield 1
      })()
      return Object.assign(source, {
        return: () => {
          seen.push('returned')
          return Promise.resolve({ done: true, value: undefined })
        },
      })
    })
    expect(await answersOf({ router: { stream }, calls: [{ url: `${HOST}/rpc/stream` }] })).toMatchObject([alone])
    expect(seen.sort()).toEqual(['aborted', 'returned'])
  })
})

describe('an answer with a file', () => {
  const router = { file: os.handler(() => new File(['hello'], 'greeting.txt')) }
  const url = `${HOST}/rpc/file`

  test('comes as text to those who say that they can read it', async () => {
    const [answer] = await answersOf({ router, calls: [{ url, headers: { 'x-headwater-batch': 'base64' } }] })
    expect(answer.headers).toEqual({
      'content-type': expect.stringContaining('multipart/form-data; boundary='),
      'x-headwater-batch': 'base64',
    })
    expect(atob(answer.body)).toContain('hello')
  })

  test('is refused to all others', async () => {
    expect(await answersOf({ router, calls: [{ url }] })).toMatchObject([{ status: 501 }])
  })
})

describe('plugins around', () => {
  test('before it, CORS covers the batch', async () => {
    const response = await ask({ plugins: [new CORSPlugin(), new BatchHandlerPlugin()], headers: { origin: HOST } })
    expect(response.headers.get('access-control-allow-origin')).toBe('*')
    expect(await response.json()).toEqual([PONG])
  })

  test('before it, compression covers a buffered batch; behind it, it touches no call', async () => {
    const compress = new CompressionPlugin({ threshold: 1 })
    const headers = { 'accept-encoding': 'gzip' }
    const before = await ask({ plugins: [compress, new BatchHandlerPlugin()], headers })
    expect(before.headers.get('content-encoding')).toBe('gzip')
    const body = before.body?.pipeThrough(new DecompressionStream('gzip'))
    expect(await new Response(body).json()).toEqual([PONG])
    const [answer] = await answersOf({ plugins: [new BatchHandlerPlugin(), compress], headers })
    expect(answer.body).toEqual({ json: 'pong' })
  })

  test('behind it, headers of an answer are those of the call', async () => {
    const router = {
      set: os.$context<ResponseHeadersPluginContext>().handler(({ context }) => {
        context.resHeaders?.append('set-cookie', 'a=1')
        context.resHeaders?.append('set-cookie', 'b=2')
      }),
    }
    const plugins = [new BatchHandlerPlugin(), new ResponseHeadersPlugin()]
    const answers = await answersOf({ router, plugins, calls: [{ url: `${HOST}/rpc/set` }] })
    expect(answers[0].headers).toEqual({ 'set-cookie': ['a=1', 'b=2'] })
  })

  test('wherever it stands, CSRF goes by what the browser says of the batch', async () => {
    const calls = [{ ...PING, headers: { 'sec-fetch-site': 'same-origin', origin: HOST } }]
    const headers = { 'sec-fetch-site': 'cross-site', origin: 'https://evil.test' }
    for (const plugins of [
      [new BatchHandlerPlugin(), new CSRFPlugin()],
      [new CSRFPlugin(), new BatchHandlerPlugin()],
    ]) {
      expect(await answersOf({ plugins, calls, headers })).toMatchObject([{ status: 403 }])
    }
  })

  test('behind it, one that fails for a call fails it alone', async () => {
    let requests = 0
    const limit: HandlerPlugin = {
      requestInterceptor: ({ next }) => {
        if (++requests > 1) throw new RPCError('TOO_MANY_REQUESTS')
        return next()
      },
    }
    const answers = await answersOf({ plugins: [new BatchHandlerPlugin(), limit], calls: [PING, PING] })
    expect(answers).toMatchObject([{ status: 200 }, { status: 429 }])
  })
})
