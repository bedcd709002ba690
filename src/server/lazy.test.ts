import { describe, expect, test } from 'vitest'
import { os } from './builder.ts'
import { lazy } from './lazy.ts'
import { findProcedure } from './router.ts'
import { createRouterClient } from './router-client.ts'

const ping = os.route({ path: '/ping' }).handler(() => 'pong')

describe('a lazy part of a router', () => {
  test('is loaded by the first call that needs it, and once', async () => {
    let loads = 0
    const far = lazy(async () => {
      loads++
      return { default: { ping, deep: { ping } } }
    })
    const router = { ping, far }
    expect(findProcedure(router, ['ping'])).toBe(ping)
    expect(loads).toBe(0)
    const found = [findProcedure(router, ['far', 'ping']), findProcedure(router, ['far', 'deep', 'ping'])]
    expect(await Promise.all(found)).toEqual([ping, ping])
    expect(loads).toBe(1)
    expect(findProcedure(router, ['far', 'ping'])).toBe(ping)
  })

  test('may be a single procedure, the whole router, or hold lazy parts itself', async () => {
    const one = lazy(async () => ({ default: ping }))
    expect(await findProcedure({ one }, ['one'])).toBe(ping)
    expect(await findProcedure(one, [])).toBe(ping)
    const nested = lazy(async () => ({ default: { one } }))
    expect(await findProcedure({ nested }, ['nested', 'one'])).toBe(ping)
  })

  test('has nothing but its own procedures', async () => {
    const router = { far: lazy(async () => ({ default: { ping } })) }
    for (const name of ['pong', '~lazy', 'toString', '__proto__', 'constructor', 'load']) {
      expect(await findProcedure(router, ['far', name])).toBeUndefined()
    }
    expect(await findProcedure(router, ['far'])).toBeUndefined()
    expect(await findProcedure(router, ['~lazy'])).toBeUndefined()
  })

  test('that fails to load fails the call, and is tried again by the next one', async () => {
    const failure = new Error('offline')
    let loads = 0
    const far = lazy(async () => {
      loads++
      if (loads === 1) throw failure
      return { default: { ping } }
    })
    await expect(Promise.resolve(findProcedure({ far }, ['far', 'ping']))).rejects.toBe(failure)
    expect(await findProcedure({ far }, ['far', 'ping'])).toBe(ping)
    expect(loads).toBe(2)
  })

  test('runs behind the middleware, errors, prefix and tags of the routers around it', async () => {
    const steps: string[] = []
    const step = os.use(({ next }) => {
      steps.push('step')
      return next()
    })
    const load = async () => ({ default: { ping: step.route({ path: '/ping' }).handler(() => steps.push('ping')) } })
    const router = step
      .errors({ GONE: {} })
      .prefix('/api')
      .tag('api')
      .router({ far: lazy(load), own: os.lazy(load) })
    for (const name of ['far', 'own']) {
      const found = await findProcedure(router, [name, 'ping'])
      expect(found?.['~headwater']).toMatchObject({
        route: { path: '/api/ping', tags: ['api'] },
        errors: { GONE: {} },
      })
    }
    const client = createRouterClient(router) as unknown as { far: { ping(): Promise<unknown> } }
    await client.far.ping()
    expect(steps).toEqual(['step', 'ping'])
  })
})
