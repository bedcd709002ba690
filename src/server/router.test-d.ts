import { expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import { createClient } from '../client/create-client.ts'
import type { Link } from '../client/link.ts'
import { oc } from '../contract/builder.ts'
import { eventIterator } from '../contract/event-iterator.ts'
import type { ContractRouterClient } from '../contract/infer.ts'
import type { EventIterator } from '../event/event-iterator.ts'
import { os } from './builder.ts'
import { implement } from './implement.ts'
import { lazy } from './lazy.ts'
import type { InferRouterContext, Router, RouterClient } from './router.ts'
import { createRouterClient } from './router-client.ts'

interface User {
  readonly id: number
}

const echo = os.input(z.object({ text: z.string() })).handler(({ input }) => input.text)
const me = os.$context<{ user: User }>().handler(({ context }) => context.user)
const stored = os.$context<{ db: string }>().handler(({ context }) => context.db)
const lazyStored = lazy(async () => ({ default: { stored } }))
const ticks = os.output(eventIterator(z.number())).handler(async function* () {
  yield 1
})

test('the client of a router has its tree', async () => {
  const router = { echo, deep: { deeper: { me, ticks } } }
  const client: RouterClient<typeof router> = createClient({} as Link)
  expectTypeOf(await client.echo({ text: 'hi' })).toBeString()
  expectTypeOf(await client.deep.deeper.me()).toEqualTypeOf<User>()
  expectTypeOf(await client.deep.deeper.ticks()).toEqualTypeOf<EventIterator<number, unknown>>()
  // @ts-expect-error: text is a string
  client.echo({ text: 7 })
  // @ts-expect-error: text is missing
  client.echo({})
  // @ts-expect-error: no input
  client.echo()
  // @ts-expect-error: no such procedure
  client.deep.deeper.you()
  // @ts-expect-error: a branch is no procedure
  client.deep.deeper()
})

test('the client of an implementation is the client of its contract', () => {
  const contract = { deep: { ping: oc.input(z.string()).output(z.literal('pong')) } }
  const base = implement(contract)
  const router = base.router({ deep: { ping: base.deep.ping.handler(() => 'pong') } })
  expectTypeOf<RouterClient<typeof router>>().toEqualTypeOf<ContractRouterClient<typeof contract>>()
})

test('the client of a single procedure is one function', () => {
  const client: RouterClient<typeof echo> = createClient({} as Link)
  expectTypeOf(client({ text: 'hi' })).resolves.toBeString()
})

test('a callable procedure stands in a router like any other', () => {
  const router = { echo: echo.callable() }
  expectTypeOf(router).toExtend<Router>()
  const client: RouterClient<typeof router> = createClient({} as Link)
  expectTypeOf(client.echo({ text: 'hi' })).resolves.toBeString()
})

test('a router needs the context of all its procedures', () => {
  const router = { echo, me, deep: { stored } }
  expectTypeOf<InferRouterContext<typeof router>>().toExtend<{ user: User; db: string }>()
  expectTypeOf<{ user: User; db: string }>().toExtend<InferRouterContext<typeof router>>()
  expectTypeOf<{ user: User }>().not.toExtend<InferRouterContext<typeof router>>()
  expectTypeOf<InferRouterContext<{ echo: typeof echo }>>().toEqualTypeOf<Record<never, never>>()
})

test('a router whose context is named takes procedures that are content with it', () => {
  expectTypeOf<{ me: typeof me; echo: typeof echo }>().toExtend<Router<{ user: User; db: string }>>()
  expectTypeOf<{ deep: { me: typeof me } }>().not.toExtend<Router<{ db: string }>>()
})

test('a router known by its context alone still demands it', () => {
  const router = {} as Router<{ db: string }>
  expectTypeOf<InferRouterContext<typeof router>>().toEqualTypeOf<{ db: string }>()
  createRouterClient(router, { context: { db: 'pg' } })
  // @ts-expect-error: no context
  createRouterClient(router)
  // @ts-expect-error: db is a string
  createRouterClient(router, { context: { db: 7 } })
})

test('a lazy part is to its callers what it will be', () => {
  const router = { near: echo, far: lazy(async () => ({ default: { me, deep: { echo } } })) }
  expectTypeOf(router).toExtend<Router>()
  const client: RouterClient<typeof router> = createClient({} as Link)
  expectTypeOf(client.far.me()).resolves.toEqualTypeOf<User>()
  expectTypeOf(client.far.deep.echo).parameter(0).toEqualTypeOf<{ text: string }>()
  // @ts-expect-error: no such procedure
  client.far.you()
})

test('a lazy part needs its context like any other', () => {
  const router = { echo, far: os.lazy(async () => ({ default: { deep: { echo } } })), db: lazyStored }
  expectTypeOf<InferRouterContext<typeof router>>().toExtend<{ db: string }>()
  createRouterClient(router, { context: { db: 'pg' } })
  // @ts-expect-error: no context
  createRouterClient(router)
})

test('what is no procedure is no router', () => {
  expectTypeOf<{ echo: () => string }>().not.toExtend<Router>()
  expectTypeOf<{ echo: typeof os }>().not.toExtend<Router>()
})

test('the middleware of a router gives its procedures what they need', () => {
  const authed = os.$context<{ token: string }>().use(({ context, next }) => {
    return next({ context: { user: { id: context.token.length } } })
  })
  const router = authed.router({ echo, deep: { me } })
  expectTypeOf<InferRouterContext<typeof router>>().toEqualTypeOf<{ token: string }>()
  const client: RouterClient<typeof router> = createClient({} as Link)
  expectTypeOf(client.deep.me()).resolves.toEqualTypeOf<User>()
  expectTypeOf(client.echo).parameter(0).toEqualTypeOf<{ text: string }>()
  // @ts-expect-error: nobody gives it the db
  authed.router({ stored })
  // @ts-expect-error: nor further down
  authed.router({ deep: { stored } })
})
