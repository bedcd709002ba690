import { describe, expect, test, vi } from 'vitest'
import { gate } from '../../test/tools/gate.ts'
import { createClient } from '../client/create-client.ts'
import { RPCError } from '../core/error.ts'
import { os } from '../server/builder.ts'
import type { Router } from '../server/router.ts'
import type { LinkPlugin } from '../session/call-link.ts'
import { RPCHandler } from '../transport/fetch/rpc-handler.ts'
import { RPCLink, type RPCLinkOptions } from '../transport/fetch/rpc-link.ts'
import { BatchHandlerPlugin } from './batch/batch-handler-plugin.ts'
import { BatchLinkPlugin } from './batch/batch-link-plugin.ts'
import { DedupeRequestsPlugin, type DedupeRequestsPluginOptions } from './dedupe-requests-plugin.ts'

const groups = [{ condition: () => true, context: 'shared' }]

const get = os.route({ method: 'GET' })

type ConnectOptions = Partial<DedupeRequestsPluginOptions<any>> & {
  readonly link?: Partial<RPCLinkOptions<any>>
  readonly behind?: readonly LinkPlugin[]
}

/** A client that asks by GET, and the requests that it sends to a handler in this process. */
function connect(router: Router, { link, behind = [], ...options }: ConnectOptions = {}) {
  const handler = new RPCHandler(router, { plugins: [new BatchHandlerPlugin()] })
  const requests: Request[] = []
  const fetch = async (url: string, init: RequestInit): Promise<Response> => {
    const request = new Request(url, init)
    requests.push(request)
    const { response } = await handler.handle(request, { prefix: '/rpc' })
    request.signal.throwIfAborted()
    return response ?? new Response('not here', { status: 404 })
  }
  const plugins = [new DedupeRequestsPlugin({ groups, ...options }), ...behind]
  const client = createClient<any>(new RPCLink({ url: 'https://api.test/rpc', method: 'GET', fetch, plugins, ...link }))
  return { client, requests }
}

/** A procedure that answers, with how often it has been run, when the test says so. */
function createHeld() {
  let runs = 0
  const [began, answer, ended] = [gate(), gate(), gate<unknown>()]
  const held = get.handler(async ({ signal }) => {
    signal.addEventListener('abort', () => ended.open(signal.reason))
    const run = ++runs
    began.open()
    await answer.opened
    return { run, at: new Date(0) }
  })
  return { held, began, answer, ended }
}

describe('equal requests', () => {
  test('under way at the same moment are one, whose answer each caller gets a copy of', async () => {
    const { held, began, answer } = createHeld()
    const { client, requests } = connect({ held })
    const first = client.held({ id: 1 })
    await began.opened
    const second = client.held({ id: 1 })
    answer.open()
    const [one, two] = await Promise.all([first, second])
    one.run = 'changed'
    expect(two).toEqual({ run: 1, at: new Date(0) })
    expect(requests).toHaveLength(1)
    expect(await client.held({ id: 1 })).toMatchObject({ run: 2 })
  })

  test('are those of the same procedure, input and headers', async () => {
    const read = get.handler(({ input }) => input)
    const link = { headers: ({ context }: any) => ({ authorization: context?.user }) }
    const { client, requests } = connect({ read, other: read }, { link })
    const ada = { context: { user: 'Ada' } }
    await Promise.all([client.read(1), client.read(2), client.other(1), client.read(1, ada), client.read(1, ada)])
    expect(requests).toHaveLength(4)
  })

  test('that fail, fail for each caller', async () => {
    const fail = get.handler(() => {
      throw new RPCError('CONFLICT', { data: { at: new Date(0) } })
    })
    const { client, requests } = connect({ fail })
    const results = await Promise.allSettled([client.fail(), client.fail()])
    const failure = { reason: { code: 'CONFLICT', data: { at: new Date(0) } } }
    expect(results).toMatchObject([failure, failure])
    expect(requests).toHaveLength(1)
  })

  test('that do not reach the server fail for each caller, and are forgotten', async () => {
    const fetch = vi.fn(() => Promise.reject(new TypeError('no network')))
    const { client } = connect({}, { link: { fetch } })
    for (const times of [1, 2]) {
      const results = await Promise.allSettled([client.a(), client.a()])
      expect(results).toMatchObject([
        { reason: { code: 'CONNECTION_FAILED' } },
        { reason: { code: 'CONNECTION_FAILED' } },
      ])
      expect(fetch).toHaveBeenCalledTimes(times)
    }
  })

  test('carry files to each caller', async () => {
    const file = get.handler(() => new File(['hello'], 'greeting.txt'))
    const { client, requests } = connect({ file })
    const files = await Promise.all([client.file(), client.file()])
    expect(await Promise.all(files.map((file: File) => file.text()))).toEqual(['hello', 'hello'])
    expect(requests).toHaveLength(1)
  })
})

describe('what is shared', () => {
  const count = () => {
    let runs = 0
    return { write: os.handler(() => ++runs), read: get.handler(() => ++runs) }
  }

  test('by default is what goes by GET', async () => {
    const { client } = connect(count(), { link: { method: 'POST' } })
    expect((await Promise.all([client.write(), client.write()])).sort()).toEqual([1, 2])
  })

  test('is what the filter lets through', async () => {
    const { client } = connect(count(), { filter: ({ path }) => path[0] === 'write', link: { method: 'POST' } })
    expect(await Promise.all([client.write(), client.write()])).toEqual([1, 1])
    expect((await Promise.all([client.read(), client.read()])).sort()).toEqual([2, 3])
  })

  test('is what is of the same group, and goes with the context of that', async () => {
    const contexts: unknown[] = []
    const look: LinkPlugin = {
      requestInterceptor: ({ context, next }) => {
        contexts.push(context)
        return next()
      },
    }
    const groups = [
      { condition: ({ context }: any) => context.group === 'a', context: 'a' },
      { condition: ({ context }: any) => context.group === 'b', context: 'b' },
    ]
    const { client } = connect(count(), { groups, behind: [look] })
    const calls = ['a', 'a', 'b', 'b', 'none', 'none'].map((group) => client.read(undefined, { context: { group } }))
    expect((await Promise.all(calls)).sort()).toEqual([1, 1, 2, 2, 3, 4])
    expect(contexts).toEqual(expect.arrayContaining(['a', 'b', { group: 'none' }]))
  })

  test('is not what was asked before a write was answered', async () => {
    const { held, began, answer } = createHeld()
    const { client, requests } = connect(
      { held, write: os.handler(() => 'written') },
      {
        link: { method: (_, [name]) => (name === 'write' ? 'POST' : 'GET') },
      },
    )
    const before = client.held()
    await began.opened
    await client.write()
    const after = client.held()
    await vi.waitFor(() => expect(requests).toHaveLength(3))
    answer.open()
    expect([(await before).run, (await after).run]).toEqual([1, 2])
  })
})

describe('a caller that leaves', () => {
  test('leaves the others alone', async () => {
    const { held, began, answer } = createHeld()
    const { client, requests } = connect({ held })
    const controller = new AbortController()
    const leaving = client.held(undefined, { signal: controller.signal })
    const staying = client.held()
    await began.opened
    controller.abort(new Error('enough'))
    await expect(leaving).rejects.toThrow('enough')
    answer.open()
    expect(await staying).toMatchObject({ run: 1 })
    expect(requests[0]?.signal.aborted).toBe(false)
  })

  test('aborts the request when it was the last, and the next caller asks anew', async () => {
    const { held, began, answer, ended } = createHeld()
    const { client, requests } = connect({ held })
    const controllers = [new AbortController(), new AbortController()]
    const calls = controllers.map(({ signal }) => client.held(undefined, { signal }))
    await began.opened
    for (const [index, controller] of controllers.entries()) {
      expect(requests[0]?.signal.aborted).toBe(false)
      controller.abort(new Error('enough'))
      await expect(calls[index]).rejects.toThrow('enough')
    }
    expect(await ended.opened).toMatchObject({ message: 'enough' })
    const next = client.held()
    answer.open()
    expect(await next).toMatchObject({ run: 2 })
  })

  test('leaves no listener on its signal when it has been answered', async () => {
    const { client } = connect({ read: get.handler(() => 1) })
    const { signal } = new AbortController()
    const [add, remove] = [vi.spyOn(signal, 'addEventListener'), vi.spyOn(signal, 'removeEventListener')]
    await Promise.all([client.read(undefined, { signal }), client.read(undefined, { signal })])
    await vi.waitFor(() => expect(remove).toHaveBeenCalledTimes(add.mock.calls.length))
    expect(add).toHaveBeenCalled()
  })
})

describe('streams', () => {
  test('are not shared: each caller gets and leaves its own', async () => {
    const left: unknown[] = []
    let runs = 0
    const live = get.handler(async function* ({ signal }) {
      const run = ++runs
      yield run
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
      left.push(run)
    })
    const { client, requests } = connect({ live })
    const controllers = [1, 2].map(() => new AbortController())
    const streams = await Promise.all(controllers.map(({ signal }) => client.live(undefined, { signal })))
    const firsts = await Promise.all(streams.map(async (stream) => (await stream.next()).value))
    expect(firsts.sort()).toEqual([1, 2])
    expect(requests).toHaveLength(2)
    controllers[0]?.abort(new Error('enough'))
    await vi.waitFor(() => expect(left).toHaveLength(1))
    controllers[1]?.abort(new Error('enough'))
    await vi.waitFor(() => expect(left.sort()).toEqual([1, 2]))
  })
})

test('before batches, what is equal takes one place in the batch', async () => {
  let runs = 0
  const read = get.handler(({ input }) => [input, ++runs])
  const batch = new BatchLinkPlugin({ groups: [{ condition: () => true, context: {} }] })
  const { client, requests } = connect({ read }, { behind: [batch] })
  const answers = await Promise.all([client.read('a'), client.read('a'), client.read('b')])
  expect(answers).toEqual([
    ['a', 1],
    ['a', 1],
    ['b', 2],
  ])
  expect(requests.map(({ url }) => new URL(url).pathname)).toEqual(['/rpc/read/__batch__'])
})
