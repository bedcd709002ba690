import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { os } from './builder.ts'
import { call } from './implemented-procedure.ts'
import { isProcedure } from './procedure.ts'
import { createRouterClient } from './router-client.ts'

const double = os
  .input(z.coerce.number<string>())
  .output(z.number().transform(String))
  .handler(({ input }) => input * 2)
const scope = os.$context<{ db: string }>().handler(({ errors: _, procedure: __, ...options }) => options)

describe('call', () => {
  test('runs a procedure with its validation and middleware', async () => {
    expect(await call(double, '21')).toBe('42')
    await expect(call(double, 'many')).rejects.toMatchObject({ code: 'BAD_REQUEST' })
  })

  test('gives the procedure its context, signal and lastEventId', async () => {
    const { signal } = new AbortController()
    const context = { db: 'pg' }
    expect(await call(scope, 1, { context, signal, lastEventId: '7' })).toEqual({
      input: 1,
      context,
      signal,
      lastEventId: '7',
      path: [],
    })
  })

  test('gives a signal that has not aborted where the caller has none', async () => {
    const { signal } = await call(scope, undefined, { context: { db: 'pg' } })
    expect(signal.aborted).toBe(false)
  })

  test('gives a stream as the handler gave it where no output is declared', async () => {
    async function* generate(): AsyncGenerator<number, void> {
      yield 1
    }
    const stream = generate()
    expect(
      await call(
        os.handler(() => stream),
        undefined,
      ),
    ).toBe(stream)
  })

  test('never throws synchronously', async () => {
    const failing = os.handler(() => {
      throw new Error('broken')
    })
    const promise = call(failing, undefined)
    await expect(promise).rejects.toThrow('broken')
  })
})

describe('callable', () => {
  test('makes a plain function of a procedure', async () => {
    expect(await double.callable()('21')).toBe('42')
  })

  test('takes the context once and the rest with each call', async () => {
    const { signal } = new AbortController()
    const context = { db: 'pg' }
    const callable = scope.callable({ context })
    expect(await callable(1, { signal, lastEventId: '7' })).toMatchObject({
      input: 1,
      context,
      signal,
      lastEventId: '7',
    })
    expect(await callable()).toMatchObject({ input: undefined, context, lastEventId: undefined })
  })

  test('is a procedure still: it stands in a router, which gives it another context', async () => {
    const callable = scope.callable({ context: { db: 'own' } })
    expect(isProcedure(callable)).toBe(true)
    const client = createRouterClient({ callable }, { context: { db: 'router' } })
    expect(await client.callable()).toMatchObject({ context: { db: 'router' }, path: ['callable'] })
    expect(await callable()).toMatchObject({ context: { db: 'own' } })
    expect(await call(callable, 1, { context: { db: 'call' } })).toMatchObject({ context: { db: 'call' } })
  })

  test('may be handed around without its procedure', async () => {
    expect(await Promise.all(['1', '2'].map((input) => double.callable()(input)))).toEqual(['2', '4'])
    const detached = double.callable().bind(undefined)
    expect(await detached('3')).toBe('6')
  })
})

describe('isProcedure', () => {
  test.each([
    ['nothing', undefined],
    ['null', null],
    ['a string', 'procedure'],
    ['a function', () => {}],
    ['a tree', { double }],
    ['a builder', os],
    ['an empty definition', { '~headwater': {} }],
    ['a definition that is null', { '~headwater': null }],
  ])('is false for %s', (_, value) => {
    expect(isProcedure(value)).toBe(false)
  })

  test('is true for procedures, callable or not', () => {
    expect(isProcedure(double)).toBe(true)
    expect(isProcedure(double.callable())).toBe(true)
  })
})
