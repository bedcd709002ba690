import { expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import { oc } from '../contract/builder.ts'
import { onError, onFinish, onStart, onSuccess } from '../event/lifecycle.ts'
import { os } from './builder.ts'
import { implement } from './implement.ts'

interface User {
  readonly id: number
}

const user: User = { id: 7 }

test('middleware adds to the context of what comes after it', () => {
  os.$context<{ db: string }>()
    .use(({ context, next }) => {
      expectTypeOf(context).toEqualTypeOf<{ db: string }>()
      // @ts-expect-error: nothing has added it yet
      context.user
      return next({ context: { user } })
    })
    .use(({ context, next }) => {
      expectTypeOf(context.user).toEqualTypeOf<User>()
      return next({ context: { admin: true } })
    })
    .handler(({ context }) => {
      expectTypeOf(context.db).toBeString()
      expectTypeOf(context.user).toEqualTypeOf<User>()
      expectTypeOf(context.admin).toBeBoolean()
      // @ts-expect-error: nothing adds it
      context.session
    })
})

test('asynchronous middleware adds to the context too', () => {
  os.use(async ({ next }) => next({ context: { user } })).handler(({ context }) => {
    expectTypeOf(context.user).toEqualTypeOf<User>()
  })
})

test('middleware replaces what is in the context already', () => {
  os.$context<{ user: string | undefined; db: string }>()
    .use(({ next }) => next({ context: { user } }))
    .handler(({ context }) => {
      expectTypeOf(context.user).toEqualTypeOf<User>()
      expectTypeOf(context.db).toBeString()
    })
})

test('middleware that adds nothing leaves the context as it is', () => {
  os.$context<{ db: string }>()
    .use(({ next }) => next())
    .use(async ({ next }) => next())
    .handler(({ context }) => expectTypeOf(context).toEqualTypeOf<{ db: string }>())
})

test('middleware that may answer early still adds to the context', () => {
  os.use(async ({ next, lastEventId }, _input, output) => {
    if (lastEventId === 'cached') return output('early')
    return next({ context: { user } })
  }).handler(({ context }) => expectTypeOf(context.user).toEqualTypeOf<User>())
})

test('middleware that always answers early leaves the context as it is', () => {
  os.$context<{ db: string }>()
    .use((_options, _input, output) => output('early'))
    .handler(({ context }) => expectTypeOf(context).toEqualTypeOf<{ db: string }>())
})

test('middleware sees the input as validated as it is where it stands', () => {
  os.use(({ next }, input) => {
    expectTypeOf(input).toBeUnknown()
    return next()
  })
    .input(z.object({ at: z.string().transform((text) => new Date(text)) }))
    .use(({ next }, input) => {
      expectTypeOf(input).toEqualTypeOf<{ at: Date }>()
      return next()
    })
})

test('middleware can throw the errors declared so far', () => {
  os.errors({ UNAUTHORIZED: {}, TAKEN: { data: z.object({ by: z.string() }) } }).use(
    ({ errors, next, lastEventId }) => {
      // @ts-expect-error: it has data
      errors.TAKEN()
      // @ts-expect-error: not declared
      errors.GONE()
      if (lastEventId === undefined) throw errors.UNAUTHORIZED()
      return next()
    },
  )
})

test('middleware knows the output of the rest as unknown', () => {
  os.use(async ({ next }, _input, output) => {
    const result = await next()
    expectTypeOf(result.output).toBeUnknown()
    return output(String(result.output))
  })
})

test('middleware that does not hand back a result is refused', () => {
  // @ts-expect-error: the result of next() must be returned
  os.use(async ({ next }) => {
    await next()
  })
  // @ts-expect-error: a bare output is no result
  os.use(() => 'early')
  // @ts-expect-error: a context is an object
  os.use(({ next }) => next({ context: 'user' }))
})

test('the four helpers fit as middleware and keep the context', () => {
  os.$context<{ db: string }>()
    .use(onStart(({ context }) => expectTypeOf(context).toEqualTypeOf<{ db: string }>()))
    .use(({ next }) => next({ context: { user } }))
    .use(onSuccess((result, { context }) => [expectTypeOf(result.output).toBeUnknown(), context.user]))
    .use(onError((error, { context }) => [expectTypeOf(error).toBeUnknown(), context.user]))
    .use(onFinish(([error, , isSuccess]) => isSuccess && expectTypeOf(error).toBeNull()))
    .handler(({ context }) => {
      expectTypeOf(context.user).toEqualTypeOf<User>()
      expectTypeOf(context.db).toBeString()
    })
})

test('the middleware of an implementer adds to the context of every part', () => {
  const contract = { chat: { send: oc.input(z.object({ text: z.string() })).output(z.number()) } }
  const base = implement(contract)
    .$context<{ db: string }>()
    .use(({ context, next }) => {
      expectTypeOf(context).toEqualTypeOf<{ db: string }>()
      return next({ context: { user } })
    })
  base.chat
    .use(({ context, next }) => next({ context: { admin: context.user.id === 1 } }))
    .send.use(({ next }, input) => {
      expectTypeOf(input).toEqualTypeOf<{ text: string }>()
      return next()
    })
    .handler(({ context }) => {
      expectTypeOf(context.user).toEqualTypeOf<User>()
      expectTypeOf(context.admin).toBeBoolean()
      return context.db.length
    })
})
