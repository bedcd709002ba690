import { describe, expect, test, vi } from 'vitest'
import { gate } from '../../../test/tools/gate.ts'
import { createClient } from '../../client/create-client.ts'
import { RPCError } from '../../core/error.ts'
import { withEventMeta } from '../../event/event-meta.ts'
import { os } from '../../server/builder.ts'
import type { Router } from '../../server/router.ts'
import type { LinkPlugin } from '../../session/call-link.ts'
import { RPCHandler } from '../../transport/fetch/rpc-handler.ts'
import { RPCLink, type RPCLinkOptions } from '../../transport/fetch/rpc-link.ts'
import { RequestHeadersPlugin, type RequestHeadersPluginContext } from '../header-plugins.ts'
import { BatchHandlerPlugin } from './batch-handler-plugin.ts'
import { BatchLinkPlugin, type BatchLinkPluginOptions } from './batch-link-plugin.ts'

const URL_BASE = 'https://api.test/rpc'
const groups = [{ condition: () => true, context: {} }]

const readable = os.route({ method: 'GET' })
const router = {
  echo: os.handler(({ input }) => input),
  find: readable.handler(({ input }) => input),
  fail: os.handler(() => {
    throw new RPCError('CONFLICT')
  }),
  read: os
    .$context<RequestHeadersPluginContext>()
    .handler(({ context }) => Object.fromEntries(context.reqHeaders ?? [])),
}

interface Connected {
  readonly client: any
  readonly requests: Request[]
}

type ConnectOptions = Partial<BatchLinkPluginOptions<any>> & {
  readonly router?: Router
  readonly link?: Partial<RPCLinkOptions<any>>
  /** Plugins behind the one that is tested. */
  readonly behind?: readonly LinkPlugin[]
}

/** A client and the requests that it sends to a handler in this process. */
function connect({ router: own = router, link, behind = [], ...options }: ConnectOptions = {}): Connected {
  const handler = new RPCHandler(own, { plugins: [new BatchHandlerPlugin(), new RequestHeadersPlugin()] })
  const requests: Request[] = []
  const fetch = async (url: string, init: RequestInit): Promise<Response> => {
    const request = new Request(url, init)
    requests.push(request)
    const { response } = await handler.handle(request, { prefix: '/rpc' })
    request.signal.throwIfAborted()
    return response ?? new Response('not here', { status: 404 })
  }
  const plugins = [new BatchLinkPlugin({ groups, ...options }), ...behind]
  return { client: createClient<any>(new RPCLink({ url: URL_BASE, fetch, plugins, ...link })), requests }
}

/** A client whose batches get this answer, whatever they ask. */
function answeredWith(answer: () => Response): any {
  return connect({ link: { fetch: async () => answer() } }).client
}

const pathsOf = (requests: readonly Request[]): string[] => requests.map(({ url }) => new URL(url).pathname)

function events(...answers: readonly unknown[]): string {
  return answers.map((answer) => `event: message\ndata: ${JSON.stringify(answer)}\n\n`).join('')
}

const streamed = (text: string, status = 207): Response =>
  new Response(text, { status, headers: { 'content-type': 'text/event-stream' } })

describe('which calls share a request', () => {
  test('those of the same moment, each with an answer of its own', async () => {
    const { client, requests } = connect()
    const results = await Promise.allSettled([client.echo(1n), client.fail(), client.echo(new Date(0))])
    expect(results).toMatchObject([{ value: 1n }, { reason: { code: 'CONFLICT' } }, { value: new Date(0) }])
    expect(pathsOf(requests)).toEqual(['/rpc/echo/__batch__'])
    await Promise.all([client.echo(1), client.echo(2)])
    expect(requests).toHaveLength(2)
  })

  test('none, for a call without company', async () => {
    const { client, requests } = connect()
    expect(await client.echo(1)).toBe(1)
    expect(pathsOf(requests)).toEqual(['/rpc/echo'])
  })

  test('no more than `maxSize`', async () => {
    const { client, requests } = connect({ maxSize: 2 })
    expect(await Promise.all([1, 2, 3, 4, 5].map((n) => client.echo(n)))).toEqual([1, 2, 3, 4, 5])
    expect(pathsOf(requests).sort()).toEqual(['/rpc/echo', '/rpc/echo/__batch__', '/rpc/echo/__batch__'])
  })

  test('those of one group, and never what is excluded or of no group', async () => {
    const contexts: unknown[] = []
    const look: LinkPlugin = {
      requestInterceptor: ({ context, next }) => {
        contexts.push(context)
        return next()
      },
    }
    const { client, requests } = connect({
      groups: [
        { condition: ({ path }) => path[0] === 'find', context: 'finding' },
        { condition: ({ context }) => context?.batch, context: 'batching' },
      ],
      exclude: ({ body }) => body === '{"json":"excluded"}',
      behind: [look],
    })
    const batch = { context: { batch: true } }
    const calls = [client.find(1), client.find(2), client.echo(3, batch), client.echo(4, batch)]
    expect(await Promise.all([...calls, client.echo('excluded', batch), client.echo(5)])).toEqual([
      1,
      2,
      3,
      4,
      'excluded',
      5,
    ])
    expect(pathsOf(requests).sort()).toEqual(['/rpc/echo', '/rpc/echo', '/rpc/echo/__batch__', '/rpc/find/__batch__'])
    expect(contexts).toEqual(expect.arrayContaining(['finding', 'batching', batch.context, undefined]))
  })

  test('by GET those by GET, as long as the URL may be', async () => {
    const { client, requests } = connect({ maxUrlLength: 400, link: { method: ({ context }) => context.method } })
    const get = { context: { method: 'GET' } }
    const post = { context: { method: 'POST' } }
    const calls = ['a', 'b', 'c', 'd'].map((name) => client.find(name, get))
    expect(await Promise.all([...calls, client.echo(1, post), client.echo(2, post)])).toEqual([
      'a',
      'b',
      'c',
      'd',
      1,
      2,
    ])
    expect(requests.map(({ method }) => method).sort()).toEqual(['GET', 'GET', 'POST'])
    for (const { url } of requests) expect(url.length).toBeLessThanOrEqual(400)
  })

  test('not those of different servers', async () => {
    const { client, requests } = connect({ link: { url: ({ context }) => `https://${context.host}.test/rpc?v=1` } })
    const [a, b] = [{ context: { host: 'a' } }, { context: { host: 'b' } }]
    await Promise.all([client.echo(1, a), client.echo(2, b), client.echo(3, a), client.echo(4, b)])
    expect(requests.map(({ url }) => url).sort()).toEqual([
      'https://a.test/rpc/echo/__batch__?v=1',
      'https://b.test/rpc/echo/__batch__?v=1',
    ])
  })

  test('not those with files or streams as input', async () => {
    const { client, requests } = connect({
      router: {
        name: os.handler(({ input }) => (input as File).name),
        first: os.handler(async ({ input }) => (await (input as AsyncGenerator).next()).value),
      },
    })
    async function* stream() {
      yield 'first'
    }
    const file = new File(['x'], 'x.txt')
    expect(await Promise.all([client.name(file), client.first(stream()), client.name(file)])).toEqual([
      'x.txt',
      'first',
      'x.txt',
    ])
    expect(pathsOf(requests).sort()).toEqual(['/rpc/first', '/rpc/name', '/rpc/name'])
  })
})

test('headers that all calls have are sent once, the others with their calls', async () => {
  const link = { headers: ({ context }: any) => ({ 'x-common': 'yes', 'x-own': context?.own }) }
  const { client, requests } = connect({ link })
  const [one, two] = await Promise.all([client.read(undefined, { context: { own: '1' } }), client.read()])
  expect([one['x-common'], one['x-own'], two['x-common'], two['x-own']]).toEqual(['yes', '1', 'yes', undefined])
  expect(requests[0]?.headers.get('x-common')).toBe('yes')
  expect(requests[0]?.headers.get('x-own')).toBeNull()
})

test('a relative URL means what it means in its page', async () => {
  vi.stubGlobal('location', { href: 'https://api.test/app/page' })
  const { client, requests } = connect({ link: { url: '../rpc' } })
  expect(await Promise.all([client.echo(1), client.echo(2)])).toEqual([1, 2])
  expect(requests.map(({ url }) => url)).toEqual(['https://api.test/rpc/echo/__batch__'])
  vi.unstubAllGlobals()
})

test('outside of a page a relative URL is refused as it is without batches', async () => {
  const { client } = connect({ link: { url: '/rpc' } })
  const results = await Promise.allSettled([client.echo(1), client.echo(2)])
  const refusal = { reason: { message: expect.stringContaining('absolute') } }
  expect(results).toMatchObject([refusal, refusal])
})

test.each([1, 2])('a plugin behind it that fails at once fails the calls, %s of them', async (count) => {
  const broken: LinkPlugin = {
    requestInterceptor: () => {
      throw new Error('broken')
    },
  }
  const { client } = connect({ behind: [broken] })
  const calls = Array.from({ length: count }, () => client.echo(1))
  for (const { reason } of (await Promise.allSettled(calls)) as PromiseRejectedResult[]) {
    expect(reason).toMatchObject({ message: 'broken' })
  }
})

describe('a call that is aborted', () => {
  const held = () => {
    const [began, ended] = [gate(), gate()]
    const { client, requests } = connect({
      router: {
        ...router,
        held: os.handler(({ signal }) => {
          began.open()
          return new Promise((_, reject) => {
            signal.addEventListener('abort', () => {
              ended.open()
              reject(signal.reason)
            })
          })
        }),
      },
    })
    return { client, requests, began, ended }
  }

  test('leaves the others alone', async () => {
    const { client, requests, began } = held()
    const [first, second] = [new AbortController(), new AbortController()]
    const one = client.held(undefined, { signal: first.signal })
    const two = client.held(undefined, { signal: second.signal })
    const quick = client.echo('quick')
    await began.opened
    first.abort(new Error('first'))
    await expect(one).rejects.toThrow('first')
    expect(await quick).toBe('quick')
    expect(requests[0]?.signal.aborted).toBe(false)
    second.abort(new Error('second'))
    await expect(two).rejects.toThrow('second')
    expect(requests[0]?.signal.aborted).toBe(true)
  })

  test('aborts the request and its handlers when it was the last', async () => {
    const { client, began, ended } = held()
    const controller = new AbortController()
    const calls = [1, 2].map(() => client.held(undefined, { signal: controller.signal }))
    await began.opened
    controller.abort(new Error('enough'))
    for (const call of calls) await expect(call).rejects.toThrow('enough')
    await ended.opened
  })

  test('before the batch is sent is not sent', async () => {
    const { client, requests } = connect()
    const controller = new AbortController()
    const aborted = client.echo(1, { signal: controller.signal })
    const other = client.echo(2)
    // The calls have asked for their headers by now, and wait for company.
    for (let step = 0; step < 20; step++) await Promise.resolve()
    controller.abort(new Error('enough'))
    await expect(aborted).rejects.toThrow('enough')
    expect(await other).toBe(2)
    expect(pathsOf(requests)).toEqual(['/rpc/echo'])
  })

  test('leaves no listener on its signal when it has been answered', async () => {
    const { client } = connect()
    const { signal } = new AbortController()
    const [add, remove] = [vi.spyOn(signal, 'addEventListener'), vi.spyOn(signal, 'removeEventListener')]
    await Promise.all([client.echo(1, { signal }), client.echo(2, { signal })])
    await vi.waitFor(() => expect(remove).toHaveBeenCalledTimes(add.mock.calls.length))
    expect(add).toHaveBeenCalled()
  })
})

describe('a stream', () => {
  test('comes on a request of its own, from the start once its procedure is known', async () => {
    const { client, requests } = connect({
      router: {
        ...router,
        count: os.handler(async function* () {
          yield 1
          yield 2
        }),
      },
    })
    const [stream, one] = await Promise.all([client.count(), client.echo(1)])
    const values: unknown[] = []
    for await (const value of stream) values.push(value)
    expect([values, one]).toEqual([[1, 2], 1])
    expect(pathsOf(requests)).toEqual(['/rpc/count/__batch__', '/rpc/count'])
    await Promise.all([client.count(), client.echo(1), client.echo(2)])
    expect(pathsOf(requests).slice(2).sort()).toEqual(['/rpc/count', '/rpc/echo/__batch__'])
  })

  test('is left alone by its consumer, and resumes alone', async () => {
    const ended = gate()
    const cut = gate()
    const from: unknown[] = []
    const { client, requests } = connect({
      router: {
        ...router,
        live: os.handler(async function* ({ lastEventId, signal }) {
          from.push(lastEventId)
          yield withEventMeta({ n: from.length }, { id: String(from.length) })
          if (from.length === 1) {
            cut.open()
            await new Promise(() => {})
          }
          await new Promise((resolve) => signal.addEventListener('abort', resolve)).finally(() => ended.open())
        }),
      },
      link: { backoff: { maxDelay: 0 }, silenceTimeout: 30 },
    })
    const [stream] = await Promise.all([client.live(), client.echo(1)])
    expect((await stream.next()).value).toEqual({ n: 1 })
    await cut.opened
    // Silent for too long: it counts as cut.
    expect((await stream.next()).value).toEqual({ n: 2 })
    await stream.return()
    await ended.opened
    expect(from).toEqual([undefined, '1'])
    expect(pathsOf(requests)).toEqual(['/rpc/live/__batch__', '/rpc/live', '/rpc/live'])
  })
})

describe('a batch whose answer is', () => {
  test.each<[string, () => Response, object]>([
    [
      'an error of the protocol',
      () => Response.json({ json: new RPCError('TOO_MANY_REQUESTS') }, { status: 429 }),
      { code: 'TOO_MANY_REQUESTS' },
    ],
    ['an error page', () => new Response('<h1>', { status: 503 }), { code: 'SERVICE_UNAVAILABLE' }],
    ['not found', () => new Response('', { status: 404 }), { message: expect.stringContaining('BatchHandlerPlugin') }],
    ['a page', () => new Response('<h1>', { headers: { 'content-type': 'text/html' } }), { code: 'BAD_GATEWAY' }],
    ['no array', () => Response.json({}), { code: 'BAD_GATEWAY' }],
    ['no JSON', () => new Response('[', { headers: { 'content-type': 'application/json' } }), { code: 'BAD_GATEWAY' }],
    [
      'an array without answers',
      () => Response.json([null, 1, { index: 'x' }, { index: 7 }]),
      { code: 'CONNECTION_FAILED' },
    ],
    ['events that are not JSON', () => streamed('data: x\n\n'), { code: 'BAD_GATEWAY' }],
    ['a stream that fails', () => streamed('event: error\ndata: {}\n\n'), { code: 'INTERNAL_SERVER_ERROR' }],
    ['a stream that is cut', () => streamed(': \n\n'), { code: 'CONNECTION_FAILED' }],
    ['a stream that ends too soon', () => streamed('event: done\n\n'), { code: 'CONNECTION_FAILED' }],
  ])('%s fails each of its calls with that', async (_, answer, error) => {
    const client = answeredWith(answer)
    const results = await Promise.allSettled([client.echo(1), client.echo(2)])
    expect(results).toMatchObject([{ reason: error }, { reason: error }])
  })

  test('cut in the middle fails only what had no answer yet', async () => {
    const client = answeredWith(() => streamed(events({ index: 1, status: 200, body: { json: 'two' } })))
    expect(await Promise.allSettled([client.echo(1), client.echo(2)])).toMatchObject([
      { reason: { code: 'CONNECTION_FAILED' } },
      { value: 'two' },
    ])
  })

  test.each([
    ['a status that is none', { status: 7 }],
    ['headers that are none', { headers: { 'a b': 'c' } }],
    [
      'base64 that is none',
      { headers: { 'x-headwater-batch': 'base64', 'content-type': 'multipart/form-data' }, body: '%' },
    ],
  ])('fails only the one call that is answered with %s', async (_, answer) => {
    const client = answeredWith(() =>
      Response.json([
        { index: 0, ...answer },
        { index: 1, body: { json: 2 } },
      ]),
    )
    expect(await Promise.allSettled([client.echo(1), client.echo(2)])).toMatchObject([
      { reason: { code: 'BAD_GATEWAY' } },
      { value: 2 },
    ])
  })

  test('an answer given twice counts once', async () => {
    const twice = [
      { index: 0, body: { json: 'a' } },
      { index: 0, body: { json: 'b' } },
      { index: 1, body: { json: 'c' } },
    ]
    const client = answeredWith(() => Response.json(twice))
    expect(await Promise.all([client.echo(1), client.echo(2)])).toEqual(['a', 'c'])
  })
})
