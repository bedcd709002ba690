import { expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import { safe } from '../client/safe.ts'
import { oc } from '../contract/builder.ts'
import type { RPCError } from '../core/error.ts'
import { os } from './builder.ts'
import { implement } from './implement.ts'
import { call } from './implemented-procedure.ts'
import { createRouterClient } from './router-client.ts'

const errors = { TAKEN: { data: z.object({ by: z.string() }) } }
const when = z.object({ at: z.string().transform((text) => new Date(text)) })

const free = os.input(when).handler(({ input }) => input.at)
const bound = os.$context<{ db: string }>().handler(({ context }) => context.db)
const lenient = os.$context<{ db?: string }>().handler(({ context }) => context.db)
const implemented = implement(oc.input(when).output(when))
  .$context<{ db: string }>()
  .handler(({ context }) => ({ at: context.db }))

test('call() takes the input as callers give it and resolves with the output', () => {
  expectTypeOf(call(free, { at: '2026-01-01' })).resolves.toEqualTypeOf<Date>()
  expectTypeOf(call(implemented, { at: '2026-01-01' }, { context: { db: 'pg' } })).resolves.toEqualTypeOf<{
    at: Date
  }>()
  // @ts-expect-error: at is a string
  call(free, { at: new Date() })
  // @ts-expect-error: at is missing
  call(free, {})
})

test('call() demands the context that the procedure needs', () => {
  call(bound, undefined, { context: { db: 'pg' } })
  // @ts-expect-error: no options
  call(bound, undefined)
  // @ts-expect-error: no context
  call(bound, undefined, {})
  // @ts-expect-error: undefined is no context
  call(bound, undefined, { context: undefined })
  // @ts-expect-error: db is missing
  call(bound, undefined, { context: {} })
  // @ts-expect-error: db is a string
  call(bound, undefined, { context: { db: 7 } })
})

test('a context without required members may be left out', () => {
  call(free, { at: '' })
  call(free, { at: '' }, { signal: new AbortController().signal, lastEventId: '7' })
  call(lenient, undefined)
  call(lenient, undefined, { context: { db: 'pg' } })
  // @ts-expect-error: db is a string
  call(lenient, undefined, { context: { db: 7 } })
  lenient.callable()
  createRouterClient({ free, lenient })
})

test('callable() demands the context that the procedure needs, once', () => {
  const callable = bound.callable({ context: { db: 'pg' } })
  expectTypeOf(callable()).resolves.toBeString()
  // @ts-expect-error: no context
  bound.callable()
  // @ts-expect-error: db is a string
  bound.callable({ context: { db: 7 } })
})

test('a callable procedure is the client of itself', async () => {
  const callable = os
    .errors(errors)
    .input(when)
    .handler(({ input }) => input.at)
    .callable()
  expectTypeOf(callable({ at: '2026-01-01' })).resolves.toEqualTypeOf<Date>()
  callable({ at: '2026-01-01' }, { signal: new AbortController().signal, lastEventId: '7' })
  // @ts-expect-error: no input
  callable()
  // @ts-expect-error: at is a string
  callable({ at: 7 })
  const { error, isDefined } = await safe(callable({ at: '' }))
  if (isDefined) expectTypeOf(error).toEqualTypeOf<RPCError<'TAKEN', { by: string }>>()
})

test('call() remembers the declared errors for safe()', async () => {
  const take = os.errors(errors).handler(() => 1)
  const { error, isDefined } = await safe(call(take, undefined))
  if (isDefined) expectTypeOf(error).toEqualTypeOf<RPCError<'TAKEN', { by: string }>>()
})

test('createRouterClient() demands the context of all procedures', () => {
  const router = { free, deep: { bound, lenient } }
  createRouterClient(router, { context: { db: 'pg' } })
  // @ts-expect-error: no options
  createRouterClient(router)
  // @ts-expect-error: no context
  createRouterClient(router, {})
  // @ts-expect-error: db is missing
  createRouterClient(router, { context: {} })
  // @ts-expect-error: db is a string
  createRouterClient(router, { context: { db: 7 } })
  // @ts-expect-error: several contexts are needed
  createRouterClient({ bound, other: os.$context<{ user: number }>().handler(() => 1) }, { context: { db: 'pg' } })
})

test('the client of this process has the same types as any other', () => {
  const client = createRouterClient({ free, deep: { bound } }, { context: { db: 'pg' } })
  expectTypeOf(client.free({ at: '' })).resolves.toEqualTypeOf<Date>()
  expectTypeOf(client.deep.bound()).resolves.toBeString()
  // @ts-expect-error: no input
  client.free()
  // @ts-expect-error: no such procedure
  client.deep.free
})
