import { dehydrate, hydrate, QueryClient, QueryObserver, skipToken } from '@tanstack/query-core'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { serveNode, type TestServer } from '../../test/tools/serve.ts'
import { createClient } from '../client/create-client.ts'
import { RPCError } from '../core/error.ts'
import { type } from '../core/schema.ts'
import { MemoryLog } from '../publisher/memory-log.ts'
import { Publisher } from '../publisher/publisher.ts'
import { os } from '../server/builder.ts'
import type { RouterClient } from '../server/router.ts'
import { RPCLink } from '../transport/fetch/rpc-link.ts'
import { createQueryUtils } from './create-query-utils.ts'

interface Message {
  readonly n: number
}

let publisher: Publisher<{ room: Message }>
const asked: (string | undefined)[] = []
let open = 0
/** How many blocks with a position and nothing else have come and been read. */
let positions = 0
/** What the stream without ids does, run by run. */
let runs: (() => AsyncGenerator<string>)[] = []
let failures: unknown[] = []

const router = {
  find: os.input(type<{ id: bigint }>()).handler(({ input }) => ({ name: `planet ${input.id}` })),
  page: os.input(type<{ from: number }>()).handler(({ input }) => [input.from, input.from + 1]),
  rename: os.input(type<{ name: string }>()).handler(({ input }) => input.name),
  room: os.input(type<{ roomId: string } | undefined>()).handler(async function* ({ signal, lastEventId }) {
    asked.push(lastEventId)
    open++
    try {
      if (failures.length > 0) throw failures.shift()
      yield* publisher.subscribe('room', { signal, lastEventId, from: 'start' })
    } finally {
      open--
    }
  }),
  now: os.handler(({ signal, lastEventId }) => publisher.subscribe('room', { signal, lastEventId })),
  answer: os.handler(async function* () {
    const run = runs.shift()
    if (run !== undefined) yield* run()
  }),
  deep: { queryKey: os.handler(() => 'a procedure with the name of a method') },
}

let server: TestServer
let client: RouterClient<typeof router>
let orpc: ReturnType<typeof createQueryUtils<RouterClient<typeof router>>>
let cache: QueryClient
const offs: (() => void)[] = []

beforeEach(async () => {
  publisher = new Publisher(new MemoryLog())
  asked.length = 0
  runs = []
  failures = []
  server = await serveNode(router)
  positions = 0
  client = createClient(
    new RPCLink({ url: server.url, fetch: watchPositions, backoff: { initialDelay: 1, maxDelay: 1 } }),
  )
  orpc = createQueryUtils(client)
  cache = new QueryClient({ defaultOptions: { queries: { retry: 3, retryDelay: 1 } } })
  cache.mount()
})

afterEach(async () => {
  for (const off of offs.splice(0)) off()
  cache.unmount()
  cache.clear()
  await publisher.close()
  await server.close()
  await vi.waitUntil(() => open === 0)
})

/** Shows a query as a component does, until what this returns is called. */
function show(options: object, client = cache): { observer: QueryObserver<any, any>; leave: () => void } {
  const observer = new QueryObserver<any, any>(client, options as never)
  const leave = observer.subscribe(() => {})
  offs.push(leave)
  return { observer, leave }
}

async function watchPositions(url: string | URL | Request, init?: RequestInit): Promise<Response> {
  const response = await fetch(url, init)
  const watch = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      controller.enqueue(chunk)
      if (/^id: \S+\n\n/m.test(new TextDecoder().decode(chunk))) setTimeout(() => positions++)
    },
  })
  return new Response(response.body?.pipeThrough(watch) ?? null, response)
}

const numbers = (data: unknown): number[] => ((data ?? []) as Message[]).map(({ n }) => n)

async function publish(...events: number[]): Promise<void> {
  for (const n of events) await publisher.publish('room', { n })
}

async function until(condition: () => boolean): Promise<void> {
  await vi.waitUntil(condition, { timeout: 4000, interval: 5 })
}

describe('queries', () => {
  test('are fetched with their input, and their keys are JSON whatever the input', async () => {
    const options = orpc.find.queryOptions({ input: { id: 7n }, staleTime: 5 })
    expect(await cache.fetchQuery(options)).toEqual({ name: 'planet 7' })
    expect(options).not.toHaveProperty('input')
    expect(JSON.parse(JSON.stringify(options.queryKey))).toEqual(orpc.find.queryKey({ input: { id: 7n } }))
    expect(cache.getQueryData(orpc.find.queryKey({ input: { id: 7n } }))).toEqual({ name: 'planet 7' })
    expect(cache.getQueryData(orpc.find.queryKey({ input: { id: 8n } }))).toBeUndefined()
  })

  test('are found by the beginnings of their keys', async () => {
    await cache.fetchQuery(orpc.find.queryOptions({ input: { id: 7n } }))
    await cache.fetchQuery(orpc.page.queryOptions({ input: { from: 1 } }))
    const count = (queryKey: readonly unknown[]): number => cache.getQueryCache().findAll({ queryKey }).length
    expect([count(orpc.key()), count(orpc.find.key()), count(orpc.page.key({ input: { from: 1 } }))]).toEqual([2, 1, 1])
    expect([count(orpc.page.key({ type: 'live' })), count(orpc.page.key({ type: 'query' }))]).toEqual([0, 1])
    expect(createQueryUtils(client, { path: ['two'] }).find.key()).toEqual([['two', 'find']])
    expect(await cache.fetchQuery(orpc.deep.queryKey.queryOptions())).toBe('a procedure with the name of a method')
  })

  test('that have no input yet are not fetched', async () => {
    const { observer } = show(orpc.find.queryOptions({ input: skipToken }))
    expect(observer.getCurrentResult()).toMatchObject({ fetchStatus: 'idle', status: 'pending' })
  })

  test('of pages make an input for each page', async () => {
    const options = orpc.page.infiniteOptions({
      input: (from: number) => ({ from }),
      initialPageParam: 1,
      getNextPageParam: (last) => (last[1] as number) + 1,
    })
    expect((await cache.fetchInfiniteQuery({ ...options, pages: 2 })).pages).toEqual([
      [1, 2],
      [3, 4],
    ])
  })

  test('of mutations call with their variables', async () => {
    const mutation = cache.getMutationCache().build(cache, orpc.rename.mutationOptions())
    expect(await mutation.execute({ name: 'Earth' })).toBe('Earth')
  })
})

describe('a streamed query', () => {
  const room = () => orpc.room.streamedOptions({ input: { roomId: 'a' } })

  test('has all events, those that come while it is shown too', async () => {
    await publish(1, 2)
    const { observer } = show(room())
    await until(() => numbers(observer.getCurrentResult().data).length === 2)
    await publish(3)
    await until(() => numbers(observer.getCurrentResult().data).length === 3)
    expect(observer.getCurrentResult()).toMatchObject({ status: 'success', fetchStatus: 'fetching' })
    expect(numbers(observer.getCurrentResult().data)).toEqual([1, 2, 3])
  })

  test('goes on after its last event when it is shown again, refetched, or tried again', async () => {
    await publish(1)
    const first = show(room())
    await until(() => numbers(first.observer.getCurrentResult().data).length === 1)
    first.leave()
    await until(() => open === 0)
    await publish(2)
    const { observer } = show(room())
    await until(() => numbers(observer.getCurrentResult().data).length === 2)
    void observer.refetch()
    await until(() => asked.length === 3)
    await publish(3)
    await until(() => numbers(observer.getCurrentResult().data).length === 3)
    failures = [new RPCError('INTERNAL_SERVER_ERROR')]
    void observer.refetch()
    await until(() => asked.length === 5)
    await publish(4)
    await until(() => numbers(observer.getCurrentResult().data).length === 4)
    expect(numbers(observer.getCurrentResult().data)).toEqual([1, 2, 3, 4])
    expect(asked[0]).toBeUndefined()
    expect(asked.slice(1).every((id) => id !== undefined)).toBe(true)
  })

  test('misses nothing that came between, though it had shown no event yet', async () => {
    const options = orpc.now.streamedOptions()
    const first = show(options)
    const query = cache.getQueryCache().find({ queryKey: options.queryKey })
    await until(() => positions > 0)
    first.leave()
    await until(() => query?.state.fetchStatus === 'idle')
    await publish(1)
    const { observer } = show(options)
    await until(() => numbers(observer.getCurrentResult().data).length === 1)
  })

  test('keeps the newest chunks', async () => {
    await publish(1, 2, 3, 4)
    const { observer } = show(orpc.room.streamedOptions({ input: undefined, queryFnOptions: { maxChunks: 2 } }))
    await until(() => numbers(observer.getCurrentResult().data)[1] === 4)
    await publish(5)
    await until(() => numbers(observer.getCurrentResult().data)[1] === 5)
    expect(numbers(observer.getCurrentResult().data)).toEqual([4, 5])
  })

  test('begins anew when the place is gone', async () => {
    await publish(1)
    const first = show(room())
    await until(() => numbers(first.observer.getCurrentResult().data).length === 1)
    first.leave()
    await publisher.close()
    publisher = new Publisher(new MemoryLog())
    await publish(4, 5)
    const { observer } = show(room())
    await until(() => numbers(observer.getCurrentResult().data)[0] === 4)
    expect(numbers(observer.getCurrentResult().data)).toEqual([4, 5])
  })

  test('begins anew after resetQueries', async () => {
    await publish(1)
    const { observer } = show(room())
    await until(() => numbers(observer.getCurrentResult().data).length === 1)
    await Promise.race([cache.resetQueries(), until(() => asked.length === 2)])
    await until(() => numbers(observer.getCurrentResult().data).length === 1)
    expect(asked).toEqual([undefined, undefined])
  })

  test('does not hang where nobody shows it, and what was prefetched is continued, not fetched again', async () => {
    await publish(1, 2)
    await cache.prefetchQuery(room())
    const state = JSON.parse(JSON.stringify(dehydrate(cache)))
    await until(() => open === 0)
    await publish(3)
    const page = new QueryClient()
    hydrate(page, state)
    const { observer } = show(room(), page)
    expect(numbers(observer.getCurrentResult().data)).toEqual([1, 2])
    await until(() => numbers(observer.getCurrentResult().data).length === 3)
    expect(numbers(observer.getCurrentResult().data)).toEqual([1, 2, 3])
    expect(asked).toEqual([undefined, expect.any(String)])
    page.clear()
  })

  test('is fresh once it has ended: neither hydration nor the next component runs it again', async () => {
    runs = [
      async function* () {
        yield* ['a', 'b']
      },
    ]
    await cache.prefetchQuery(orpc.answer.streamedOptions())
    const page = new QueryClient()
    hydrate(page, JSON.parse(JSON.stringify(dehydrate(cache))))
    const { observer } = show(orpc.answer.streamedOptions(), page)
    expect(observer.getCurrentResult()).toMatchObject({ data: ['a', 'b'], fetchStatus: 'idle', isStale: false })
  })

  const rerun = async (refetchMode: 'append' | 'reset' | 'replace' | undefined): Promise<unknown[]> => {
    runs = [
      async function* () {
        yield* ['a', 'b']
      },
      async function* () {
        yield* ['c', 'd']
      },
    ]
    const { observer } = show(orpc.answer.streamedOptions({ queryFnOptions: { refetchMode } }))
    await until(() => observer.getCurrentResult().fetchStatus === 'idle')
    const seen: unknown[] = []
    offs.push(observer.subscribe(({ status, data }) => seen.push(status === 'pending' ? 'pending' : String(data))))
    await observer.refetch()
    return [...new Set([...seen, String(observer.getCurrentResult().data)])]
  }

  test('of events without ids shows the old run until the new one has begun', async () => {
    expect(await rerun(undefined)).toEqual(['a,b', 'c,d'])
  })

  test("adds the new run to the old one with 'append'", async () => {
    expect((await rerun('append')).at(-1)).toBe('a,b,c,d')
  })

  test("is pending again with 'reset'", async () => {
    expect(await rerun('reset')).toEqual(['a,b', 'pending', 'c,d'])
  })

  test("shows the new run when it has ended with 'replace'", async () => {
    expect(await rerun('replace')).toEqual(['a,b', 'c,d'])
  })
})

describe('a live query', () => {
  test('has the newest event, and goes on after it', async () => {
    await publish(1, 2)
    const options = orpc.room.liveOptions({ input: { roomId: 'a' } })
    const first = show(options)
    await until(() => first.observer.getCurrentResult().data?.n === 2)
    first.leave()
    await publish(3)
    const { observer } = show(options)
    await until(() => observer.getCurrentResult().data?.n === 3)
    expect(asked[1]).toBeDefined()
  })

  test('is prefetched with its first event, and without one it does not hang', async () => {
    await publish(1)
    expect(await cache.fetchQuery(orpc.room.liveOptions({ input: undefined }))).toEqual({ n: 1 })
    const empty = orpc.now.liveOptions({ queryFnOptions: { prefetchTimeout: 50 }, retry: false })
    await cache.prefetchQuery(empty)
    expect(cache.getQueryState(empty.queryKey)?.status).toBe('error')
  })
})
