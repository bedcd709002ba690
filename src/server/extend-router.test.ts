import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { os } from './builder.ts'
import { extendRouter } from './extend-router.ts'
import { call } from './implemented-procedure.ts'
import type { Middleware } from './middleware.ts'
import { findProcedure } from './router.ts'
import { createRouterClient } from './router-client.ts'

const nothing = { middlewares: [], errors: {}, prefix: undefined, tags: [] }

function recorder(): { readonly steps: string[]; readonly step: (name: string) => Middleware } {
  const steps: string[] = []
  return {
    steps,
    step: (name) => (options) => {
      steps.push(name)
      return options.next()
    },
  }
}

describe('middleware of a router', () => {
  test('runs around that of each of its procedures, however deep', async () => {
    const { steps, step } = recorder()
    const router = os.use(step('router')).router({
      deep: os.use(step('branch')).router({ echo: os.use(step('own')).handler(() => steps.push('handler')) }),
    })
    await createRouterClient(router).deep.echo()
    expect(steps).toEqual(['router', 'branch', 'own', 'handler'])
  })

  test('runs once where the procedure begins with it already', async () => {
    const { steps, step } = recorder()
    const base = os.use(step('auth'))
    const logged = base.use(step('log'))
    const router = base.router({
      plain: base.handler(() => 1),
      logged: logged.handler(() => 1),
      deep: base.router({ deeper: base.router({ logged: logged.handler(() => 1) }) }),
    })
    const client = createRouterClient(router)
    await client.plain()
    expect(steps.splice(0)).toEqual(['auth'])
    await client.logged()
    expect(steps.splice(0)).toEqual(['auth', 'log'])
    await client.deep.deeper.logged()
    expect(steps).toEqual(['auth', 'log'])
  })

  test('runs again where the procedure has it elsewhere than at its beginning', async () => {
    const { steps, step } = recorder()
    const [auth, log] = [step('auth'), step('log')]
    const router = os.use(auth).router({
      echo: os
        .use(log)
        .use(auth)
        .handler(() => 1),
    })
    await createRouterClient(router).echo()
    expect(steps).toEqual(['auth', 'log', 'auth'])
  })

  test('all runs before that of a procedure which begins with some of it only', async () => {
    const { steps, step } = recorder()
    const [auth, log, own] = [step('auth'), step('log'), step('own')]
    const router = os
      .use(auth)
      .use(log)
      .router({
        echo: os
          .use(auth)
          .use(own)
          .handler(() => 1),
      })
    await createRouterClient(router).echo()
    expect(steps.indexOf('log')).toBeLessThan(steps.indexOf('own'))
    expect(steps.slice(0, 2)).toEqual(['auth', 'log'])
  })

  test('gives its context to the procedure', async () => {
    const me = os.$context<{ user: number }>().handler(({ context }) => context.user)
    const router = os.use(({ next }) => next({ context: { user: 7 } })).router({ me })
    expect(await createRouterClient(router).me()).toBe(7)
  })

  test('runs before the input is validated, what was behind the input stays behind it', async () => {
    const seen: unknown[] = []
    const see = (): Middleware => (options, input) => {
      seen.push(input)
      return options.next()
    }
    const echo = os
      .use(see())
      .input(z.coerce.number<string>())
      .use(see())
      .handler(({ input }) => seen.push(input))
    await createRouterClient(os.use(see()).router({ echo })).echo('7')
    expect(seen).toEqual(['7', '7', 7, 7])
  })
})

describe('errors of a router', () => {
  test('can be thrown by its procedures and middleware, beside their own', async () => {
    const router = os
      .errors({ UNAUTHORIZED: { message: 'Log in' } })
      .use(({ errors, lastEventId, next }) => {
        if (lastEventId === 'stranger') throw errors.UNAUTHORIZED()
        return next()
      })
      .router({
        take: os.errors({ TAKEN: {} }).handler(({ errors }) => {
          throw errors.TAKEN()
        }),
      })
    const client = createRouterClient(router)
    await expect(client.take(undefined, { lastEventId: 'stranger' })).rejects.toMatchObject({
      code: 'UNAUTHORIZED',
      message: 'Log in',
      defined: true,
    })
    await expect(client.take()).rejects.toMatchObject({ code: 'TAKEN', defined: true })
  })

  test('give way to the procedure’s own of the same code', async () => {
    const router = os.errors({ TAKEN: { status: 400, message: 'outer' } }).router({
      take: os.errors({ TAKEN: { status: 409, message: 'own' } }).handler(({ errors }) => {
        throw errors.TAKEN()
      }),
    })
    await expect(createRouterClient(router).take()).rejects.toMatchObject({ status: 409, message: 'own' })
  })
})

describe('prefix and tags of a router', () => {
  test('come before those of its branches and procedures', () => {
    const list = os.route({ path: '/list', tags: ['own'] }).handler(() => 1)
    const router = os
      .prefix('/api')
      .prefix('/v1')
      .tag('api')
      .tag('v1', 'all')
      .router({ chat: os.prefix('/chat').tag('chat').router({ list }) })
    expect(router.chat.list['~headwater'].route).toEqual({
      path: '/api/v1/chat/list',
      tags: ['api', 'v1', 'all', 'chat', 'own'],
    })
  })

  test.each([
    ['/a', '/b', '/a/b/ping'],
    ['/a/', '/b', '/a/b/ping'],
    ['/a/', '/b/', '/a/b/ping'],
    ['/', '/b', '/b/ping'],
  ] as const)('%s and then %s give a procedure the path %s', (first, second, path) => {
    const ping = os.route({ path: '/ping' }).handler(() => 1)
    expect(os.prefix(first).prefix(second).router({ ping }).ping['~headwater'].route.path).toBe(path)
    const nested = os.prefix(first).router({ deep: os.prefix(second).router({ ping }) })
    expect(nested.deep.ping['~headwater'].route.path).toBe(path)
  })

  test('leave a procedure without a path without one', () => {
    const router = os.prefix('/api').router({ ping: os.route({ method: 'GET' }).handler(() => 1) })
    expect(router.ping['~headwater'].route).toEqual({ method: 'GET' })
  })

  test.each([
    ['/api', '/', '/api'],
    ['/api/', '/ping', '/api/ping'],
    ['/', '/ping', '/ping'],
    ['/', '/', '/'],
  ] as const)('%s and %s make %s', (prefix, path, joined) => {
    const router = os.prefix(prefix).router({ ping: os.route({ path }).handler(() => 1) })
    expect(router.ping['~headwater'].route.path).toBe(joined)
  })
})

describe('the router itself', () => {
  test('and its procedures stay as they were', async () => {
    const ping = os.route({ path: '/ping' }).handler(() => 'pong')
    const router = { ping, deep: { ping } }
    const extended = os.prefix('/api').errors({ GONE: {} }).tag('api').router(router)
    expect(router).toEqual({ ping, deep: { ping } })
    expect(ping['~headwater']).toMatchObject({ route: { path: '/ping' }, errors: {} })
    expect(ping['~headwater'].route).not.toHaveProperty('tags')
    expect(extended.deep.ping).not.toBe(ping)
    expect(await call(ping, undefined)).toBe('pong')
  })

  test('may be a single procedure', async () => {
    const router = os.prefix('/api').router(os.route({ path: '/ping' }).handler(() => 'pong'))
    expect(router['~headwater'].route.path).toBe('/api/ping')
    expect(await call(router, undefined)).toBe('pong')
  })

  test('may hold callable procedures', async () => {
    const ping = os.handler(() => 'pong').callable()
    const router = os.use(({ next }, _input, output) => next().then((r) => output(`<${r.output}>`))).router({ ping })
    expect(await createRouterClient(router).ping()).toBe('<pong>')
    expect(await ping()).toBe('pong')
  })

  test('keeps procedures with names that objects have already', async () => {
    const procedure = os.handler(() => 'called')
    const router = JSON.parse('{"__proto__":0,"constructor":0,"toString":0}') as Record<string, unknown>
    for (const name of Object.keys(router)) Object.defineProperty(router, name, { value: procedure })
    const extended = extendRouter(router as never, nothing)
    expect(Object.keys(extended)).toEqual(['__proto__', 'constructor', 'toString'])
    for (const name of Object.keys(router)) {
      const found = await findProcedure(extended, [name])
      expect(await (found && call(found, undefined))).toBe('called')
    }
    expect(Object.getPrototypeOf(extended)).toBe(Object.prototype)
  })
})
