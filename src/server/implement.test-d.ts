import { expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import { safe } from '../client/safe.ts'
import { oc } from '../contract/builder.ts'
import { eventIterator } from '../contract/event-iterator.ts'
import type { RPCError } from '../core/error.ts'
import type { EventIterator } from '../event/event-iterator.ts'
import { withEventMeta } from '../event/event-meta.ts'
import { EventPublisher } from '../event/event-publisher.ts'
import { implement } from './implement.ts'
import { createRouterClient } from './router-client.ts'

const when = z.object({ at: z.string().transform((text) => new Date(text)) })
const contract = oc.errors({ UNAUTHORIZED: {} }).router({
  ping: oc.output(z.literal('pong')),
  free: oc,
  chat: {
    send: oc
      .errors({ FULL: { data: z.object({ seats: z.number() }) } })
      .input(when)
      .output(when),
    stream: oc.input(z.object({ roomId: z.string() })).output(eventIterator(when)),
    countdown: oc.output(eventIterator(z.number(), z.literal('liftoff'))),
  },
})
const base = implement(contract)

test('a handler gets its input as the schema gives it, and returns what the schema takes', () => {
  base.chat.send.handler(({ input }) => {
    expectTypeOf(input).toEqualTypeOf<{ at: Date }>()
    return { at: input.at.toISOString() }
  })
  base.chat.send.handler(async ({ input }) => ({ at: input.at.toISOString() }))
  // @ts-expect-error: at is a string on its way in
  base.chat.send.handler(({ input }) => input)
  // @ts-expect-error: a promise of it is wrong too
  base.chat.send.handler(async ({ input }) => input)
  // @ts-expect-error: nothing is returned
  base.chat.send.handler(() => {})
  // @ts-expect-error: not the literal
  base.ping.handler(() => 'ping')
})

test('a handler of a contract without schemas takes and returns anything', () => {
  base.free.handler(({ input }) => [expectTypeOf(input).toBeUnknown(), 1])
})

test('a handler always has a signal and knows where to resume', () => {
  base.chat.stream.handler(async function* ({ signal, lastEventId }) {
    expectTypeOf(signal).toEqualTypeOf<AbortSignal>()
    expectTypeOf(lastEventId).toEqualTypeOf<string | undefined>()
    yield { at: '2026-01-01' }
  })
})

test('a generator yields what the event schema takes', () => {
  base.chat.stream.handler(async function* ({ input }) {
    yield { at: input.roomId }
    yield withEventMeta({ at: input.roomId }, { id: '1', retry: 5000 })
  })
  const rooms = new EventPublisher<Record<string, { at: string }>>()
  base.chat.stream.handler(({ input, signal }) => rooms.subscribe(input.roomId, { signal }))
  base.chat.stream.handler(async function* ({ input, signal }) {
    yield* rooms.subscribe(input.roomId, { signal })
  })
  // @ts-expect-error: at is a string on its way in
  base.chat.stream.handler(async function* () {
    yield { at: new Date() }
  })
  const numbers = new EventPublisher<{ tick: number }>()
  // @ts-expect-error: the publisher has other events
  base.chat.stream.handler(({ signal }) => numbers.subscribe('tick', { signal }))
})

test('a generator ends with what the second schema takes', () => {
  base.chat.countdown.handler(async function* () {
    yield 3
    return 'liftoff' as const
  })
  // @ts-expect-error: it ends without anything
  base.chat.countdown.handler(async function* () {
    yield 3
  })
})

test('a handler makes the errors of its contract and of the router around it', () => {
  base.chat.send.handler(({ errors, input }) => {
    expectTypeOf(errors.FULL({ data: { seats: 3 } })).toExtend<RPCError<'FULL', { seats: number }>>()
    errors.UNAUTHORIZED()
    // @ts-expect-error: it has data
    errors.FULL()
    // @ts-expect-error: its data are wrong
    errors.FULL({ data: { seats: '3' } })
    // @ts-expect-error: not declared
    errors.GONE()
    return { at: input.at.toISOString() }
  })
  // @ts-expect-error: declared by another procedure
  base.ping.handler(({ errors }) => errors.FULL({ data: { seats: 3 } }))
})

const ping = base.ping.handler(() => 'pong')
const free = base.free.handler(() => 1)
const send = base.chat.send.handler(({ input }) => ({ at: input.at.toISOString() }))
const stream = base.chat.stream.handler(async function* () {
  yield { at: '2026-01-01' }
})
const countdown = base.chat.countdown.handler(async function* () {
  yield 3
  return 'liftoff' as const
})

test('router() takes the whole contract, branch by branch as well', () => {
  base.router({ ping, free, chat: { send, stream, countdown } })
  base.router({ ping, free, chat: base.chat.router({ send, stream, countdown }) })
})

test('router() misses every procedure that is not there', () => {
  // @ts-expect-error: stream is missing
  base.router({ ping, free, chat: { send, countdown } })
  // @ts-expect-error: the branch is missing
  base.router({ ping, free })
  // @ts-expect-error: stream is missing from the branch
  base.chat.router({ send, countdown })
})

test('router() refuses the wrong procedure under a name', () => {
  // @ts-expect-error: stream is not send
  base.router({ ping, free, chat: { send: stream, stream, countdown } })
  // @ts-expect-error: a branch is no procedure
  base.router({ ping: { ping }, free, chat: { send, stream, countdown } })
  // @ts-expect-error: a plain function is no procedure
  base.router({ ping: () => 'pong', free, chat: { send, stream, countdown } })
})

test('router() refuses what the contract does not have', () => {
  // @ts-expect-error: no such procedure in the contract
  base.router({ ping, free, chat: { send, stream, countdown }, leave: ping })
})

test('the client of an implementation has the types of the contract', async () => {
  const client = createRouterClient(base.router({ ping, free, chat: { send, stream, countdown } }))
  expectTypeOf(await client.ping()).toEqualTypeOf<'pong'>()
  expectTypeOf(await client.free()).toBeUnknown()
  expectTypeOf(client.chat.send).parameter(0).toEqualTypeOf<{ at: string }>()
  expectTypeOf(await client.chat.countdown()).toEqualTypeOf<EventIterator<number, 'liftoff'>>()
  const { error, isDefined } = await safe(client.chat.send({ at: '2026-01-01' }))
  if (isDefined) {
    expectTypeOf(error).toEqualTypeOf<RPCError<'UNAUTHORIZED', undefined> | RPCError<'FULL', { seats: number }>>()
  }
})

test('procedures that need less context than the whole fit into it', () => {
  const withContext = base.$context<{ db: string; user: string }>()
  const sendForUser = base.chat.send.$context<{ user: string }>().handler(({ context }) => ({ at: context.user }))
  withContext.router({ ping, free, chat: { send: sendForUser, stream, countdown } })
  const sendForAdmin = base.chat.send.$context<{ admin: boolean }>().handler(({ input }) => ({ at: `${input.at}` }))
  // @ts-expect-error: nobody gives it the admin
  withContext.router({ ping, free, chat: { send: sendForAdmin, stream, countdown } })
})

test('a contract may have procedures named like the methods of the implementer', () => {
  const odd = implement({ use: oc.output(z.number()), router: { use: oc.output(z.string()) }, $context: oc })
  const use = odd.use.handler(() => 1)
  const inner = odd.router.use.handler(() => 'one')
  const context = odd.$context.handler(() => 'any')
  odd.router({ use, router: { use: inner }, $context: context })
  odd.use(({ next }) => next({ context: { user: 1 } })).use.handler(({ context: { user } }) => user)
  // @ts-expect-error: it returns a number
  odd.use.handler(() => 'one')
})
