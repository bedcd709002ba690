import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { os } from './builder.ts'
import { call } from './implemented-procedure.ts'

describe('ProcedureBuilder', () => {
  test('is immutable: what is built on a base leaves the base as it was', async () => {
    const base = os.errors({ GONE: {} }).meta({ cache: true }).route({ method: 'GET' })
    const before = structuredClone({ ...base['~headwater'] })
    base
      .$context<{ db: string }>()
      .use(({ next }) => next())
      .errors({ TAKEN: {} })
      .meta({ roles: 'admin' })
      .route({ path: '/other' })
      .input(z.string())
      .output(z.string())
      .prefix('/prefix')
      .tag('tag')
    expect(base['~headwater']).toEqual(before)
  })

  test('two procedures of one base know nothing of each other', async () => {
    const base = os.use(({ next }) => next({ context: { user: 7 } }))
    const one = base.use(({ next }) => next({ context: { one: 1 } })).handler(({ context }) => context)
    const two = base.use(({ next }) => next({ context: { two: 2 } })).handler(({ context }) => context)
    expect(await call(one, undefined)).toEqual({ user: 7, one: 1 })
    expect(await call(two, undefined)).toEqual({ user: 7, two: 2 })
  })

  test('errors, meta and route add to what was said before, and the last word wins', () => {
    const procedure = os
      .errors({ GONE: { status: 410 }, TAKEN: { message: 'Taken' } })
      .errors({ GONE: { status: 404 } })
      .meta({ cache: true, role: 'user' })
      .meta({ role: 'admin' })
      .route({ method: 'GET', path: '/a' })
      .route({ path: '/b', summary: 'B' })
      .handler(() => 1)
    expect(procedure['~headwater']).toMatchObject({
      errors: { GONE: { status: 404 }, TAKEN: { message: 'Taken' } },
      meta: { cache: true, role: 'admin' },
      route: { method: 'GET', path: '/b', summary: 'B' },
    })
  })

  test('a later schema replaces an earlier one', async () => {
    const procedure = os
      .input(z.string())
      .output(z.string())
      .input(z.number())
      .output(z.number().transform((value) => value + 1))
      .handler(({ input }) => input)
    expect(await call(procedure, 7)).toBe(8)
  })

  test('the input is validated behind the middleware that came before the last .input()', async () => {
    const seen: unknown[] = []
    const procedure = os
      .input(z.coerce.number<string>())
      .use(({ next }, input) => {
        seen.push(input)
        return next()
      })
      .input(z.string().transform((text) => `<${text}>`))
      .handler(({ input }) => seen.push(input))
    await call(procedure, '7')
    expect(seen).toEqual(['7', '<7>'])
  })

  test('meta is there for middleware, on the procedure that it runs for', async () => {
    const base = os.use(({ procedure, next }) => next({ context: { meta: procedure['~headwater'].meta } }))
    const procedure = base.meta({ role: 'admin' }).handler(({ context }) => context.meta)
    expect(await call(procedure, undefined)).toEqual({ role: 'admin' })
  })

  test('prefix and tags are for routers: a procedure of the builder itself has none', () => {
    const procedure = os
      .prefix('/a')
      .tag('A')
      .route({ path: '/b' })
      .handler(() => 1)
    expect(procedure['~headwater'].route).toEqual({ path: '/b' })
    expect(procedure['~headwater']).not.toHaveProperty('prefix')
    expect(procedure['~headwater']).not.toHaveProperty('tags')
  })

  test('$context() keeps the middleware given so far', async () => {
    const procedure = os
      .use(({ next }, _input, output) => next().then((result) => output(`<${result.output}>`)))
      .$context<{ db: string }>()
      .handler(({ context }) => context.db)
    expect(await call(procedure, undefined, { context: { db: 'pg' } })).toBe('<pg>')
  })
})
