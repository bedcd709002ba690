import type { IncomingMessage, ServerResponse } from 'node:http'
import { expectTypeOf, test } from 'vitest'
import { oc } from '../../contract/builder.ts'
import { onError } from '../../event/lifecycle.ts'
import { os } from '../../server/builder.ts'
import { implement } from '../../server/implement.ts'
import { RPCHandler } from './rpc-handler.ts'

const request = {} as IncomingMessage
const response = {} as ServerResponse
const free = os.handler(() => 1)
const bound = os.$context<{ db: string }>().handler(({ context }) => context.db)
const owned = os.$context<{ user: number }>().handler(({ context }) => context.user)

test('handle() demands the context of a router that needs one', () => {
  const handler = new RPCHandler({ free, deep: { bound } })
  handler.handle(request, response, { prefix: '/rpc', context: { db: 'pg' } })
  // @ts-expect-error: no options
  handler.handle(request, response)
  // @ts-expect-error: no context
  handler.handle(request, response, { prefix: '/rpc' })
  // @ts-expect-error: undefined is no context
  handler.handle(request, response, { context: undefined })
  // @ts-expect-error: db is missing
  handler.handle(request, response, { context: {} })
  // @ts-expect-error: db is a string
  handler.handle(request, response, { context: { db: 7 } })
})

test('handle() demands the contexts of all procedures together', () => {
  const handler = new RPCHandler({ free, bound, deep: { owned } })
  handler.handle(request, response, { context: { db: 'pg', user: 7 } })
  // @ts-expect-error: user is missing
  handler.handle(request, response, { context: { db: 'pg' } })
  // @ts-expect-error: db is missing
  handler.handle(request, response, { context: { user: 7 } })
})

test('handle() demands the context of an implementation', () => {
  const base = implement({ ping: oc, deep: { pong: oc } }).$context<{ db: string }>()
  const router = base.router({ ping: base.ping.handler(() => 1), deep: { pong: base.deep.pong.handler(() => 1) } })
  const handler = new RPCHandler(router)
  handler.handle(request, response, { context: { db: 'pg' } })
  // @ts-expect-error: no context
  handler.handle(request, response)
  // @ts-expect-error: db is a string
  handler.handle(request, response, { context: { db: 7 } })
})

test('handle() demands what middleware needs, not what it adds', () => {
  const authed = os.$context<{ token: string }>().use(({ next }) => next({ context: { db: 'pg', user: 7 } }))
  const handler = new RPCHandler(authed.router({ bound, deep: { owned } }))
  handler.handle(request, response, { context: { token: 't' } })
  // @ts-expect-error: token is missing
  handler.handle(request, response, { context: { db: 'pg', user: 7 } })
})

test('the context may be left out where none is needed', () => {
  const handler = new RPCHandler({ free, deep: { free } })
  handler.handle(request, response)
  handler.handle(request, response, {})
  handler.handle(request, response, { prefix: '/rpc', context: {} })
  new RPCHandler({ lenient: os.$context<{ db?: string }>().handler(() => 1) }).handle(request, response)
})

test('handle() says whether the request was for it', () => {
  const handler = new RPCHandler({ free })
  expectTypeOf(handler.handle(request, response)).resolves.toEqualTypeOf<{ readonly matched: boolean }>()
  // @ts-expect-error: a prefix begins with a slash
  handler.handle(request, response, { prefix: 'rpc' })
})

test('an interceptor sees the path, the signal and the request of each call', () => {
  new RPCHandler(
    { free },
    {
      interceptors: [
        onError((error, { path }) => [
          expectTypeOf(error).toBeUnknown(),
          expectTypeOf(path).toExtend<readonly string[]>(),
        ]),
        async ({ next, signal, request }) => {
          expectTypeOf(signal).toEqualTypeOf<AbortSignal>()
          expectTypeOf(request.header('cookie')).toEqualTypeOf<string | undefined>()
          return next()
        },
      ],
    },
  )
})

test('what is no router is refused', () => {
  // @ts-expect-error: a function is no procedure
  new RPCHandler({ free: () => 1 })
  // @ts-expect-error: a contract without a handler is no procedure
  new RPCHandler({ free: oc })
})
