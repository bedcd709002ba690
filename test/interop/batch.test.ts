import { createORPCClient } from '@orpc/client'
import { RPCLink as ReferenceLink } from '@orpc/client/fetch'
import { BatchLinkPlugin as ReferenceBatchLinkPlugin } from '@orpc/client/plugins'
import { ORPCError, os as referenceOs, withEventMeta as referenceWithEventMeta } from '@orpc/server'
import { RPCHandler as ReferenceHandler } from '@orpc/server/node'
import { BatchHandlerPlugin as ReferenceBatchHandlerPlugin } from '@orpc/server/plugins'
import express from 'express'
import { afterEach, describe, expect, test } from 'vitest'
import { createClient } from '../../src/client/create-client.ts'
import { RPCError } from '../../src/core/error.ts'
import { withEventMeta } from '../../src/event/event-meta.ts'
import { BatchHandlerPlugin } from '../../src/plugins/batch/batch-handler-plugin.ts'
import { BatchLinkPlugin } from '../../src/plugins/batch/batch-link-plugin.ts'
import { os } from '../../src/server/builder.ts'
import { RPCLink } from '../../src/transport/fetch/rpc-link.ts'
import { RPCHandler } from '../../src/transport/node/rpc-handler.ts'
import { type Gate, gate } from '../tools/gate.ts'
import { listen, serveFetch, serveNode, type TestServer } from '../tools/serve.ts'
import { createRecordedRouter, NATIVE } from './recorded-router.ts'

type Mode = 'streaming' | 'buffered'
type Connect = (options: { readonly url: string; readonly mode: Mode; readonly method: 'GET' | 'POST' }) => any

const groups = [{ condition: () => true, context: {} }] as const

/** What was sent, by path, as `POST /rpc/echo/__batch__`. */
let requests: string[] = []
let arrived: Gate
let held: Gate<string>
let server: TestServer | undefined

const recordedFetch = (url: string | URL | Request, init?: RequestInit): Promise<Response> => {
  const request = new Request(url, init)
  requests.push(`${request.method} ${new URL(request.url).pathname}`)
  return fetch(request)
}

function createExtra(builder: any) {
  const readable = builder.route({ method: 'GET' })
  return {
    find: readable.handler(({ input }: { input: unknown }) => ({ found: input })),
    missing: readable.handler(() => {
      throw new ORPCError('NOT_FOUND', { message: 'no such thing' })
    }),
    held: builder.handler(() => {
      arrived.open()
      return held.opened
    }),
    file: builder.handler(() => new File(['hello'], 'greeting.txt')),
  }
}

const ownRouter = {
  ...createRecordedRouter({ os, createError: (code, options) => new RPCError(code, options), withEventMeta }),
  ...createExtra(os),
  missing: os.route({ method: 'GET' }).handler(() => {
    throw new RPCError('NOT_FOUND', { message: 'no such thing' })
  }),
}
const referenceRouter = {
  ...createRecordedRouter({
    os: referenceOs,
    createError: (code, options) => new ORPCError(code, options),
    withEventMeta: referenceWithEventMeta,
  }),
  ...createExtra(referenceOs),
}

function serveReference(): Promise<TestServer> {
  const handler = new ReferenceHandler(referenceRouter, { plugins: [new ReferenceBatchHandlerPlugin()] })
  return listen(async (request, response) => {
    const { matched } = await handler.handle(request, response, { prefix: '/rpc' })
    if (!matched) response.writeHead(404).end('no match')
  })
}

const referenceClient: Connect = ({ url, mode, method }) =>
  createORPCClient(
    new ReferenceLink({
      url,
      method: () => method,
      fetch: recordedFetch,
      plugins: [new ReferenceBatchLinkPlugin({ groups, mode })],
    }),
  )

const ownClient: Connect = ({ url, mode, method }) =>
  createClient<any>(
    new RPCLink({ url, method, fetch: recordedFetch, plugins: [new BatchLinkPlugin({ groups, mode })] }),
  )

const own = { plugins: [new BatchHandlerPlugin()] }
const pairs = [
  ['the reference client and our node handler', () => serveNode(ownRouter, own), referenceClient],
  ['the reference client and our fetch handler', () => serveFetch(ownRouter, own), referenceClient],
  ['our client and the reference server', serveReference, ownClient],
  ['our client and our node handler', () => serveNode(ownRouter, own), ownClient],
] as const

afterEach(async () => {
  await server?.close()
  requests = []
})

const modes = ['streaming', 'buffered'] as const
const cases = pairs.flatMap(([name, serve, connect]) => modes.map((mode) => ({ name, mode, serve, connect })))

describe.each(cases)('batches, $mode, between $name', ({ mode, serve, connect }) => {
  async function start(method: 'GET' | 'POST' = 'POST'): Promise<any> {
    server = await serve()
    return connect({ url: server.url, mode, method })
  }

  test('carry values and errors of all kinds, each to its call', async () => {
    const client = await start()
    const [echo, native, nothing, plain, typed, secret, invalid, unknown] = await Promise.allSettled([
      client.echo({ at: new Date(0), big: 1n }),
      client.nested.native(),
      client.undef(),
      client.plainError(),
      client.typedError(),
      client.secretError(),
      client.validated({ a: 'x' }),
      client.nope(),
    ])
    expect(requests).toEqual(['POST /rpc/echo/__batch__'])
    expect(echo).toEqual({ status: 'fulfilled', value: { at: new Date(0), big: 1n } })
    expect(native).toEqual({ status: 'fulfilled', value: { ...NATIVE, inf: null } })
    expect(nothing).toEqual({ status: 'fulfilled', value: undefined })
    expect(plain).toMatchObject({ reason: { code: 'NOT_FOUND', status: 404, data: { id: 1n } } })
    expect(typed).toMatchObject({ reason: { code: 'TEAPOT', defined: true, data: { a: new Date(0) } } })
    expect(secret).toMatchObject({ reason: { status: 500, message: 'Internal server error' } })
    expect(invalid).toMatchObject({ reason: { code: 'BAD_REQUEST', message: 'Input validation failed' } })
    expect(unknown).toMatchObject({ reason: { status: 404 } })
  })

  test('by GET carry their calls in the URL', async () => {
    const client = await start('GET')
    const results = await Promise.allSettled([client.find({ id: 1n }), client.missing(), client.find(new Date(0))])
    expect(requests).toEqual(['GET /rpc/find/__batch__'])
    expect(results).toMatchObject([
      { value: { found: { id: 1n } } },
      { reason: { code: 'NOT_FOUND', message: 'no such thing' } },
      { value: { found: new Date(0) } },
    ])
  })

  test('go on for the others when one call is aborted', async () => {
    arrived = gate()
    held = gate<string>()
    const client = await start()
    const controller = new AbortController()
    const aborted = client.held(undefined, { signal: controller.signal }).catch((error: Error) => error.message)
    const other = client.held(undefined, { signal: new AbortController().signal })
    const quick = client.echo('quick')
    if (mode === 'streaming') expect(await quick).toBe('quick')
    await arrived.opened
    controller.abort(new Error('enough'))
    // The reference client waits for the batch, and gives the answer all the same.
    if (connect === ownClient) expect(await aborted).toBe('enough')
    held.open('held')
    expect(await other).toBe('held')
    expect(requests).toEqual(['POST /rpc/held/__batch__'])
  })
})

test('a batch finds its calls under a mount of Express, behind its body parser', async () => {
  const handler = new RPCHandler(ownRouter, own)
  const app = express()
  app.use(express.json())
  app.use('/api/rpc', async (request, response, next) => {
    const { matched } = await handler.handle(request, response)
    if (!matched) next()
  })
  server = await listen(app)
  const url = server.url.replace('/rpc', '/api/rpc')
  for (const connect of [referenceClient, ownClient]) {
    const client = connect({ url, mode: 'streaming', method: 'POST' })
    expect(await Promise.all([client.nested.native(), client.echo(2n)])).toEqual([{ ...NATIVE, inf: null }, 2n])
  }
  expect(requests).toEqual(['POST /api/rpc/nested/native/__batch__', 'POST /api/rpc/nested/native/__batch__'])
})

describe('a stream and a file among the calls of a batch', () => {
  test('come to the reference client as errors that say what to do, and harm no other call', async () => {
    server = await serveNode(ownRouter, own)
    const client = referenceClient({ url: server.url, mode: 'streaming', method: 'POST' })
    const results = await Promise.allSettled([client.stream(), client.file(), client.echo(1)])
    expect(results).toMatchObject([
      { reason: { status: 501, message: expect.stringContaining('send this call alone') } },
      { reason: { status: 501, message: expect.stringContaining('send this call alone') } },
      { value: 1 },
    ])
  })

  test('come from the reference server as errors that say what to do, and harm no other call', async () => {
    server = await serveReference()
    const client = ownClient({ url: server.url, mode: 'streaming', method: 'POST' })
    const results = await Promise.allSettled([client.stream(), client.file(), client.echo(1)])
    expect(results).toMatchObject([
      { reason: { status: 500, message: expect.stringContaining('outside of the batch') } },
      { reason: { status: 500, message: expect.stringContaining('outside of the batch') } },
      { value: 1 },
    ])
  })

  test.each(modes)('come to our client from our handler as what they are, %s', async (mode) => {
    server = await serveNode(ownRouter, own)
    const client = ownClient({ url: server.url, mode, method: 'POST' })
    const [stream, file, one] = await Promise.all([client.streamVoid(), client.file(), client.echo(1)])
    expect(requests).toEqual(['POST /rpc/streamVoid/__batch__', 'POST /rpc/streamVoid'])
    expect([await stream.next(), await stream.next()]).toEqual([
      { done: false, value: 1 },
      { done: true, value: undefined },
    ])
    expect([file.name, await file.text(), one]).toEqual(['greeting.txt', 'hello', 1])
  })
})
