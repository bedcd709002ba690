import { expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import { safe } from '../client/safe.ts'
import { eventIterator } from '../contract/event-iterator.ts'
import type { RPCError } from '../core/error.ts'
import type { EventIterator } from '../event/event-iterator.ts'
import { withEventMeta } from '../event/event-meta.ts'
import { os } from './builder.ts'
import { call } from './implemented-procedure.ts'
import { createRouterClient } from './router-client.ts'

const when = z.object({ at: z.string().transform((text) => new Date(text)) })

test('a handler gets its input as the schema gives it', () => {
  os.input(when).handler(({ input }) => expectTypeOf(input).toEqualTypeOf<{ at: Date }>())
  os.handler(({ input }) => expectTypeOf(input).toBeUnknown())
})

test('a handler always has a signal and knows where to resume', () => {
  os.handler(({ signal, lastEventId, path }) => {
    expectTypeOf(signal).toEqualTypeOf<AbortSignal>()
    expectTypeOf(lastEventId).toEqualTypeOf<string | undefined>()
    expectTypeOf(path).toEqualTypeOf<readonly string[]>()
  })
})

test('a handler returns what the output schema takes, and the client gets what it gives', () => {
  const procedure = os.output(when).handler(() => ({ at: '2026-01-01' }))
  expectTypeOf(createRouterClient({ procedure }).procedure()).resolves.toEqualTypeOf<{ at: Date }>()
  os.output(when).handler(async () => ({ at: '2026-01-01' }))
  // @ts-expect-error: at is a string on its way in
  os.output(when).handler(() => ({ at: new Date() }))
  // @ts-expect-error: a promise of it is wrong too
  os.output(when).handler(async () => ({ at: new Date() }))
  // @ts-expect-error: at is missing
  os.output(when).handler(() => ({}))
})

test('an output that is not declared is what the handler returns', async () => {
  const client = createRouterClient({
    value: os.handler(() => 'pong'),
    promise: os.handler(async () => ({ id: 7 })),
    nothing: os.handler(() => {}),
    stream: os.handler(async function* () {
      yield { message: 'Hello, world!' }
      return 1
    }),
    promised: os.handler(async () => ({}) as AsyncGenerator<'tick', void, void>),
  })
  expectTypeOf(await client.value()).toEqualTypeOf<string>()
  expectTypeOf(await client.promise()).toEqualTypeOf<{ id: number }>()
  expectTypeOf(await client.nothing()).toEqualTypeOf<void>()
  expectTypeOf(await client.stream()).toExtend<EventIterator<{ message: string }, number>>()
  expectTypeOf(await client.promised()).toExtend<EventIterator<'tick', void>>()
})

test('a handler may return any promise-like', () => {
  const procedure = os.output(when).handler(() => ({}) as PromiseLike<{ at: string }>)
  expectTypeOf(call(procedure, undefined)).resolves.toEqualTypeOf<{ at: Date }>()
  const bare = os.handler(() => ({}) as PromiseLike<{ id: number }>)
  expectTypeOf(call(bare, undefined)).resolves.toEqualTypeOf<{ id: number }>()
})

test('an output that is declared as unknown stays unknown', () => {
  const secret = os.output(z.unknown()).handler(() => ({ token: 'secret' }))
  expectTypeOf(call(secret, undefined)).resolves.toBeUnknown()
})

test('a generator yields what the event schema takes', async () => {
  const stream = os.output(eventIterator(when)).handler(async function* () {
    yield { at: '2026-01-01' }
    yield withEventMeta({ at: '2026-01-01' }, { id: '1' })
  })
  expectTypeOf(await call(stream, undefined)).toEqualTypeOf<EventIterator<{ at: Date }, unknown>>()
  // @ts-expect-error: at is a string on its way in
  os.output(eventIterator(when)).handler(async function* () {
    yield { at: 1 }
  })
  // @ts-expect-error: one event is no stream
  os.output(eventIterator(when)).handler(() => ({ at: '2026-01-01' }))
  // @ts-expect-error: a plain generator is not asynchronous
  os.output(eventIterator(when)).handler(function* () {
    yield { at: '2026-01-01' }
  })
})

test('a generator ends with what the second schema takes', () => {
  const output = eventIterator(when, z.number())
  os.output(output).handler(async function* () {
    yield { at: '2026-01-01' }
    return 1
  })
  // @ts-expect-error: it ends with a number
  os.output(output).handler(async function* () {
    yield { at: '2026-01-01' }
    return 'done'
  })
  // @ts-expect-error: it ends without anything
  os.output(output).handler(async function* () {
    yield { at: '2026-01-01' }
  })
})

test('the declared errors are made by their codes, with their data', () => {
  os.errors({ TAKEN: { data: when }, GONE: {}, LATE: { data: z.number().optional() } }).handler(({ errors }) => {
    expectTypeOf(errors.TAKEN({ data: { at: '2026-01-01' } })).toExtend<RPCError<'TAKEN', { at: string }>>()
    errors.TAKEN({ data: { at: '2026-01-01' }, message: 'Taken', cause: new Error('why') })
    errors.GONE()
    errors.GONE({ message: 'Gone' })
    errors.LATE()
    errors.LATE({ data: 1 })
    // @ts-expect-error: it has data
    errors.TAKEN()
    // @ts-expect-error: its data are missing
    errors.TAKEN({ message: 'Taken' })
    // @ts-expect-error: its data are wrong
    errors.TAKEN({ data: { at: 1 } })
    // @ts-expect-error: it has no data
    errors.GONE({ data: { at: '2026-01-01' } })
    // @ts-expect-error: not declared
    errors.MISSING()
  })
})

test('errors() adds to those declared before, and callers see them all', async () => {
  const take = os
    .errors({ UNAUTHORIZED: {} })
    .errors({ TAKEN: { data: when } })
    .handler(() => 1)
  const { error, isDefined } = await safe(createRouterClient({ take }).take())
  if (isDefined) {
    expectTypeOf(error).toEqualTypeOf<RPCError<'UNAUTHORIZED', undefined> | RPCError<'TAKEN', { at: Date }>>()
  }
})

test('the errors of a router are merged into each of its procedures', async () => {
  const router = os.errors({ UNAUTHORIZED: {} }).router({
    deep: { take: os.errors({ TAKEN: { data: when } }).handler(() => 1) },
  })
  const { error, isDefined } = await safe(createRouterClient(router).deep.take())
  if (isDefined) {
    expectTypeOf(error).toEqualTypeOf<RPCError<'UNAUTHORIZED', undefined> | RPCError<'TAKEN', { at: Date }>>()
  }
})

test('a procedure’s own declaration of an error wins over that of its router', async () => {
  const router = os
    .errors({ TAKEN: { data: z.object({ by: z.string() }) } })
    .router({ take: os.errors({ TAKEN: { data: z.object({ by: z.number() }) } }).handler(() => 1) })
  const { error, isDefined } = await safe(createRouterClient(router).take())
  if (isDefined) expectTypeOf(error).toEqualTypeOf<RPCError<'TAKEN', { by: number }>>()
})

test('prefix(), tag(), route() and meta() keep the types', () => {
  const procedure = os
    .prefix('/a')
    .tag('A')
    .route({ path: '/b' })
    .meta({ cache: true })
    .input(when)
    .output(z.number())
    .handler(({ input }) => input.at.getTime())
  const router = os.prefix('/c').tag('C').router({ procedure })
  expectTypeOf(createRouterClient(router).procedure).parameter(0).toEqualTypeOf<{ at: string }>()
  expectTypeOf(createRouterClient(router).procedure({ at: '' })).resolves.toBeNumber()
})
