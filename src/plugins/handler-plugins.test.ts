import { describe, expect, test, vi } from 'vitest'
import { RPCError } from '../core/error.ts'
import { os } from '../server/builder.ts'
import type { Router } from '../server/router.ts'
import type { HandlerPlugin } from '../session/serve-request.ts'
import { RPCHandler } from '../transport/fetch/rpc-handler.ts'
import { CompressionPlugin } from './compression-plugin.ts'
import { CORSPlugin } from './cors-plugin.ts'
import { CSRFPlugin } from './csrf-plugin.ts'
import {
  RequestHeadersPlugin,
  type RequestHeadersPluginContext,
  ResponseHeadersPlugin,
  type ResponseHeadersPluginContext,
} from './header-plugins.ts'
import { TimeoutPlugin } from './timeout-plugin.ts'

const ORIGIN = 'https://app.test'

interface Ask {
  readonly plugins: readonly HandlerPlugin[]
  readonly router?: Router
  readonly path?: string
  readonly method?: string
  readonly headers?: Record<string, string>
}

async function ask({
  plugins,
  router = { ping: os.handler(() => 'pong') },
  path = 'ping',
  ...init
}: Ask): Promise<Response> {
  const handler = new RPCHandler(router, { plugins })
  const request = new Request(`https://api.test/rpc/${path}`, { method: 'POST', ...init })
  const { response } = await handler.handle(request, { prefix: '/rpc' })
  return response ?? new Response('no match', { status: 404 })
}

describe('CORSPlugin', () => {
  const preflight = {
    method: 'OPTIONS',
    headers: {
      origin: ORIGIN,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'content-type, last-event-id, x-own',
    },
  }

  test('answers preflights before any procedure is asked, resuming included', async () => {
    const response = await ask({ plugins: [new CORSPlugin({ maxAge: 60 })], ...preflight })
    expect(response.status).toBe(204)
    expect(Object.fromEntries(response.headers)).toEqual({
      'access-control-allow-origin': '*',
      'access-control-allow-methods': 'GET, POST',
      'access-control-allow-headers': 'content-type, last-event-id, x-own',
      'access-control-max-age': '60',
    })
  })

  test('allows what resuming needs beside the headers that it is given', async () => {
    const response = await ask({ plugins: [new CORSPlugin({ allowHeaders: ['x-own'] })], ...preflight })
    expect(response.headers.get('access-control-allow-headers')).toBe('content-type, last-event-id, x-own')
  })

  test('lets the pages read answers and errors, and what the protocol needs of their headers', async () => {
    const fail = os.handler(() => {
      throw new RPCError('CONFLICT')
    })
    const plugins = [new CORSPlugin({ exposeHeaders: ['x-own'] })]
    for (const [path, status] of [
      ['ping', 200],
      ['fail', 409],
    ] as const) {
      const router = { ping: os.handler(() => 'pong'), fail }
      const response = await ask({ plugins, router, path, headers: { origin: ORIGIN } })
      expect(response.status).toBe(status)
      expect(response.headers.get('access-control-allow-origin')).toBe('*')
      expect(response.headers.get('access-control-expose-headers')).toBe('retry-after, x-own')
    }
  })

  test.each([
    ['a name', ORIGIN],
    ['a list', ['https://other.test', ORIGIN]],
    ['a function', (origin: string) => origin === ORIGIN],
  ])('knows by %s who may call', async (_, origin) => {
    const plugins = [new CORSPlugin({ origin, credentials: true })]
    const own = await ask({ plugins, headers: { origin: ORIGIN } })
    expect(own.headers.get('access-control-allow-origin')).toBe(ORIGIN)
    expect(own.headers.get('access-control-allow-credentials')).toBe('true')
    const foreign = await ask({ plugins, headers: { origin: 'https://evil.test' } })
    expect(foreign.headers.get('access-control-allow-origin')).toBeNull()
    expect([own, foreign].map(({ headers }) => headers.get('vary'))).toEqual(['origin', 'origin'])
  })

  test('leaves requests of no page and of no procedure alone', async () => {
    const plugins = [new CORSPlugin()]
    expect((await ask({ plugins })).headers.get('access-control-allow-origin')).toBeNull()
    expect((await ask({ plugins, path: 'nope', headers: { origin: ORIGIN } })).status).toBe(404)
  })

  test('leaves preflights to paths outside of its handler alone', async () => {
    const handler = new RPCHandler({ ping: os.handler(() => 'pong') }, { plugins: [new CORSPlugin()] })
    const request = new Request('https://api.test/rpcx/ping', preflight)
    expect(await handler.handle(request, { prefix: '/rpc' })).toEqual({ matched: false, response: undefined })
  })

  test('refuses credentials for everybody', () => {
    expect(() => new CORSPlugin({ credentials: true })).toThrow(TypeError)
  })
})

describe('CSRFPlugin', () => {
  test.each([
    ['a page of its own origin', { 'sec-fetch-site': 'same-origin' }, 200],
    ['an address typed in', { 'sec-fetch-site': 'none' }, 200],
    ['a program', {}, 200],
    ['another site', { 'sec-fetch-site': 'cross-site', origin: ORIGIN }, 403],
    ['a subdomain', { 'sec-fetch-site': 'same-site' }, 403],
    ['an old browser on its own page', { origin: 'https://api.test', host: 'api.test' }, 200],
    ['an old browser on another page', { origin: ORIGIN, host: 'api.test' }, 403],
    ['a sandboxed page', { origin: 'null', host: 'api.test' }, 403],
  ])('answers %s', async (_, headers, status) => {
    expect((await ask({ plugins: [new CSRFPlugin()], headers })).status).toBe(status)
  })

  test('lets through who is named', async () => {
    const plugins = [new CSRFPlugin({ allowSameSite: true, allowOrigins: [ORIGIN] })]
    expect((await ask({ plugins, headers: { 'sec-fetch-site': 'same-site' } })).status).toBe(200)
    expect((await ask({ plugins, headers: { 'sec-fetch-site': 'cross-site', origin: ORIGIN } })).status).toBe(200)
  })
})

test('RequestHeadersPlugin shows procedures the headers of the request', async () => {
  const agent = os
    .$context<RequestHeadersPluginContext>()
    .handler(({ context }) => context.reqHeaders?.get('user-agent'))
  const response = await ask({
    plugins: [new RequestHeadersPlugin()],
    router: { agent },
    path: 'agent',
    headers: { 'user-agent': 'test' },
  })
  expect(await response.json()).toEqual({ json: 'test' })
})

test('ResponseHeadersPlugin lets procedures set headers, several cookies too, whether they succeed or not', async () => {
  const base = os.$context<ResponseHeadersPluginContext>().use(({ context, next }) => {
    context.resHeaders?.set('x-own', 'yes')
    context.resHeaders?.append('set-cookie', 'a=1')
    context.resHeaders?.append('set-cookie', 'b=2')
    return next()
  })
  const router = {
    ping: base.handler(() => 'pong'),
    fail: base.handler(() => {
      throw new RPCError('CONFLICT')
    }),
  }
  for (const path of ['ping', 'fail']) {
    const { headers } = await ask({ plugins: [new ResponseHeadersPlugin()], router, path })
    expect([headers.get('x-own'), headers.getSetCookie()]).toEqual(['yes', ['a=1', 'b=2']])
  }
})

describe('TimeoutPlugin', () => {
  const plugins = [new TimeoutPlugin({ milliseconds: 1000 })]

  test('answers TIMEOUT for a call that takes too long, and aborts its signal', async () => {
    vi.useFakeTimers()
    let reason: unknown
    const slow = os.handler(({ signal }) => {
      signal.addEventListener('abort', () => {
        reason = signal.reason
      })
      return new Promise(() => {})
    })
    const response = ask({ plugins, router: { slow }, path: 'slow' })
    await vi.advanceTimersByTimeAsync(1000)
    expect((await response).status).toBe(408)
    expect(reason).toMatchObject({ code: 'TIMEOUT' })
    vi.useRealTimers()
  })

  test('leaves no timer behind a call that was in time, and does not end a stream that is open', async () => {
    vi.useFakeTimers()
    expect((await ask({ plugins })).status).toBe(200)
    expect(vi.getTimerCount()).toBe(0)
    const stream = os.handler(async function* () {
      yield 1
      await new Promise((resolve) => setTimeout(resolve, 5000))
      yield 2
    })
    const text = (await ask({ plugins, router: { stream }, path: 'stream' })).text()
    await vi.advanceTimersByTimeAsync(5000)
    expect(await text).toContain('event: done')
    vi.useRealTimers()
  })
})

describe('CompressionPlugin', () => {
  const long = 'long '.repeat(1000)
  const router = {
    ping: os.handler(() => 'pong'),
    long: os.handler(() => long),
    stream: os.handler(async function* () {
      yield long
    }),
  }
  const plugins = [new CompressionPlugin()]
  const encodingOf = async (path: string, accepted: string) =>
    (await ask({ plugins, router, path, headers: { 'accept-encoding': accepted } })).headers.get('content-encoding')

  test('compresses what is long enough for clients that accept it', async () => {
    const response = await ask({ plugins, router, path: 'long', headers: { 'accept-encoding': 'br, gzip;q=0.5' } })
    expect(response.headers.get('vary')).toBe('accept-encoding')
    const body = response.body?.pipeThrough(new DecompressionStream('gzip'))
    expect(await new Response(body).json()).toEqual({ json: long })
  })

  test.each([
    ['deflate', 'deflate'],
    ['*', 'gzip'],
    ['gzip;q=0, deflate', 'deflate'],
    ['gzip; q=0', null],
    ['br', null],
    ['', null],
  ])('for a client that accepts %j uses %s', async (accepted, encoding) => {
    expect(await encodingOf('long', accepted)).toBe(encoding)
  })

  test('never touches streams, nor what is short', async () => {
    expect(await encodingOf('stream', 'gzip')).toBeNull()
    expect(await encodingOf('ping', 'gzip')).toBeNull()
  })
})

test('plugins together: what an answer varies by adds up', async () => {
  const plugins = [new CORSPlugin({ origin: ORIGIN }), new CompressionPlugin({ threshold: 1 })]
  const response = await ask({ plugins, headers: { origin: ORIGIN, 'accept-encoding': 'gzip' } })
  expect(response.headers.get('vary')).toBe('accept-encoding, origin')
})

test('a plugin that fails is answered like a procedure that does', async () => {
  const broken: HandlerPlugin = { requestInterceptor: () => Promise.reject(new Error('secret')) }
  const response = await ask({ plugins: [broken] })
  expect(response.status).toBe(500)
  expect(await response.text()).not.toContain('secret')
})
