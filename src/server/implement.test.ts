import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { oc } from '../contract/builder.ts'
import { eventIterator } from '../contract/event-iterator.ts'
import { implement } from './implement.ts'
import { call } from './implemented-procedure.ts'
import type { Middleware } from './middleware.ts'
import type { Procedure } from './procedure.ts'
import { createRouterClient } from './router-client.ts'

const contract = oc.errors({ UNAUTHORIZED: {} }).router({
  ping: oc.output(z.literal('pong')),
  chat: {
    send: oc
      .meta({ role: 'user' })
      .route({ path: '/send' })
      .input(z.object({ text: z.string().trim() }))
      .output(z.object({ length: z.number() })),
    stream: oc.output(eventIterator(z.string().transform(Number))),
  },
})

function recorder(): { readonly steps: [name: string, input: unknown][]; readonly step: (name: string) => Middleware } {
  const steps: [name: string, input: unknown][] = []
  return {
    steps,
    step: (name) => (options, input) => {
      steps.push([name, input])
      return options.next()
    },
  }
}

const answer = (procedure: Procedure): Promise<unknown> => call(procedure, undefined)

describe('implement', () => {
  test('fulfils a whole contract, validation included', async () => {
    const base = implement(contract)
    const router = base.router({
      ping: base.ping.handler(() => 'pong'),
      chat: {
        send: base.chat.send.handler(({ input }) => ({ length: input.text.length })),
        stream: base.chat.stream.handler(async function* () {
          yield '7'
        }),
      },
    })
    const client = createRouterClient(router)
    expect(await client.ping()).toBe('pong')
    expect(await client.chat.send({ text: '  hi  ' })).toEqual({ length: 2 })
    const stream = await client.chat.stream()
    expect(await stream.next()).toEqual({ done: false, value: 7 })
    await stream.return()
    await expect(client.chat.send({ text: 7 as never })).rejects.toMatchObject({ code: 'BAD_REQUEST' })
  })

  test('fulfils one contract by itself', async () => {
    const send = implement(contract.chat.send).handler(({ input }) => ({ length: input.text.length }))
    expect(await call(send, { text: ' hi ' })).toEqual({ length: 2 })
  })

  test('keeps the route, the meta and the errors of the contract', () => {
    const send = implement(contract).chat.send.handler(() => ({ length: 1 }))
    expect(send['~headwater']).toMatchObject({
      route: { path: '/send' },
      meta: { role: 'user' },
      errors: { UNAUTHORIZED: {} },
    })
  })

  test('makes the errors of the contract', async () => {
    const ping = implement(contract).ping.handler(({ errors }) => {
      throw errors.UNAUTHORIZED({ message: 'Log in' })
    })
    await expect(call(ping, undefined)).rejects.toMatchObject({
      code: 'UNAUTHORIZED',
      defined: true,
      message: 'Log in',
    })
  })

  test('has nothing that the contract has not', () => {
    const base = implement(contract) as unknown as Record<string, unknown>
    expect(base['pong']).toBeUndefined()
    expect(base['then']).toBeUndefined()
    expect((base['chat'] as Record<string, unknown>)['ping']).toBeUndefined()
  })
})

describe('middleware of an implementer', () => {
  test('runs before the validation on a branch, behind it on a procedure', async () => {
    const { steps, step } = recorder()
    const base = implement(contract).use(step('root')).chat.use(step('branch'))
    const send = base.send.use(step('own')).handler(({ input }) => {
      steps.push(['handler', input])
      return { length: 1 }
    })
    await call(send, { text: ' hi ' })
    expect(steps).toEqual([
      ['root', { text: ' hi ' }],
      ['branch', { text: ' hi ' }],
      ['own', { text: 'hi' }],
      ['handler', { text: 'hi' }],
    ])
  })

  test('adds to the context of what comes after it', async () => {
    const ping = implement(contract)
      .$context<{ pong: 'pong' }>()
      .use(({ context, next }) => next({ context: { answer: context.pong } }))
      .ping.handler(({ context }) => context.answer)
    expect(await call(ping, undefined, { context: { pong: 'pong' } })).toBe('pong')
  })

  test('runs once for procedures that are put into its router', async () => {
    const { steps, step } = recorder()
    const base = implement(contract).use(step('auth'))
    const router = base.router({
      ping: base.ping.handler(() => 'pong'),
      chat: base.chat.router({
        send: base.chat.send.handler(() => ({ length: 1 })),
        stream: base.chat.stream.handler(async function* () {}),
      }),
    })
    const client = createRouterClient(router)
    await client.ping()
    await client.chat.send({ text: 'hi' })
    expect(steps.map(([name]) => name)).toEqual(['auth', 'auth'])
  })

  test('runs for procedures that were made without it', async () => {
    const { steps, step } = recorder()
    const base = implement(contract.chat)
    const router = base.use(step('auth')).router({
      send: base.send.handler(() => ({ length: 1 })),
      stream: base.stream.handler(async function* () {}),
    })
    await createRouterClient(router).send({ text: 'hi' })
    expect(steps.map(([name]) => name)).toEqual(['auth'])
  })

  test('stays with its implementer: the one it was added to knows nothing of it', async () => {
    const { steps, step } = recorder()
    const base = implement(contract)
    base.use(step('other'))
    base.ping.use(step('other'))
    await call(
      base.ping.handler(() => 'pong'),
      undefined,
    )
    expect(steps).toEqual([])
  })
})

describe('names that the implementer has itself', () => {
  const odd = {
    use: oc.output(z.number()),
    router: oc.input(z.number()).output(z.string()),
    $context: oc,
    handler: oc,
  }

  test('are procedures and methods at once', async () => {
    const { steps, step } = recorder()
    const base = implement(odd).use(step('root')).$context<{ user: number }>()
    const router = base.router({
      use: base.use.handler(({ context }) => context.user),
      router: base.router.use(step('own')).handler(({ input }) => String(input)),
      $context: base.$context.handler(({ path }) => path),
      handler: base.handler.handler(() => 'handled'),
    })
    const client = createRouterClient(router, { context: { user: 7 } })
    expect(await client.use()).toBe(7)
    expect(await client.router(1)).toBe('1')
    expect(await client.$context()).toEqual(['$context'])
    expect(await client.handler()).toBe('handled')
    expect(steps.map(([name]) => name)).toEqual(['root', 'root', 'own', 'root', 'root'])
  })

  test('may be branches, whose parts are reached through the method', async () => {
    const { steps, step } = recorder()
    const base = implement({ use: { list: oc.output(z.number()), deep: { use: oc.output(z.number()) } }, router: odd })
    expect(await answer(base.use.list.handler(() => 7))).toBe(7)
    expect(await answer(base.use.deep.use.handler(() => 8))).toBe(8)
    expect(await answer(base.use.use(step('branch')).list.handler(() => 9))).toBe(9)
    expect(await answer(base.router.use.handler(() => 10))).toBe(10)
    expect(steps.map(([name]) => name)).toEqual(['branch'])
  })

  test('may be those that every object or function has', async () => {
    const base = implement({ toString: oc, constructor: oc, use: { name: oc, bind: oc, call: oc } })
    expect(await answer(base.toString.handler(() => 'own'))).toBe('own')
    expect(await answer(base.constructor.handler(() => 'own'))).toBe('own')
    expect(await answer(base.use.name.handler(() => 'own'))).toBe('own')
    expect(await answer(base.use.bind.handler(() => 'own'))).toBe('own')
    expect(await answer(base.use.call.handler(() => 'own'))).toBe('own')
  })
})
