import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { RPCError } from '../core/error.ts'
import { ValidationError } from '../core/schema.ts'
import { onError, onFinish, onStart, onSuccess } from '../event/lifecycle.ts'
import { os } from './builder.ts'
import { call } from './implemented-procedure.ts'
import { createRouterClient } from './router-client.ts'

function caught(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => expect.fail('the call succeeded'),
    (error) => error,
  )
}

async function failureOf(promise: Promise<unknown>): Promise<RPCError> {
  const error = await caught(promise)
  if (!(error instanceof RPCError)) throw error
  return error
}

describe('errors of each stage', () => {
  test('what the handler throws reaches the caller as it is, synchronous or not', async () => {
    const failure = new Error('broken')
    const thrown = os.handler(() => {
      throw failure
    })
    expect(await caught(call(thrown, undefined))).toBe(failure)
    expect(
      await caught(
        call(
          os.handler(() => Promise.reject(failure)),
          undefined,
        ),
      ),
    ).toBe(failure)
  })

  test('what middleware throws reaches the caller, and the handler does not run', async () => {
    const failure = new RPCError('UNAUTHORIZED')
    let ran = false
    const procedure = os
      .use(() => {
        throw failure
      })
      .handler(() => {
        ran = true
      })
    expect(await caught(call(procedure, undefined))).toBe(failure)
    expect(ran).toBe(false)
  })

  test('what a schema throws reaches the caller', async () => {
    const failure = new Error('schema')
    const broken = z.unknown().transform(() => {
      throw failure
    })
    expect(
      await caught(
        call(
          os.input(broken).handler(() => 1),
          1,
        ),
      ),
    ).toBe(failure)
    expect(
      await caught(
        call(
          os.output(broken).handler(() => 1),
          undefined,
        ),
      ),
    ).toBe(failure)
  })

  test('middleware sees the errors of everything behind it, and may answer for them', async () => {
    const procedure = os
      .use(({ next }, _input, output) => next().catch((error: RPCError) => output(error.code)))
      .input(z.string())
      .output(z.string())
      .handler(({ input }) => (input === 'ok' ? 'fine' : (1 as never)))
    expect(await call(procedure, 'ok')).toBe('fine')
    expect(await call(procedure, 1 as never)).toBe('BAD_REQUEST')
    expect(await call(procedure, 'unfit')).toBe('INTERNAL_SERVER_ERROR')
  })

  test('the four helpers tell how a call goes, and change nothing', async () => {
    const told: unknown[] = []
    const base = os
      .use(onStart(() => told.push('start')))
      .use(onSuccess(({ output }) => told.push(['success', output])))
      .use(onError((error) => told.push(['error', error])))
      .use(onFinish(([error, result]) => told.push(['finish', error, result?.output])))
    expect(
      await call(
        base.handler(() => 7),
        undefined,
      ),
    ).toBe(7)
    expect(told.splice(0)).toEqual(['start', ['finish', null, 7], ['success', 7]])
    const failure = new Error('broken')
    const failing = base.handler(() => {
      throw failure
    })
    expect(await caught(call(failing, undefined))).toBe(failure)
    expect(told).toEqual(['start', ['finish', failure, undefined], ['error', failure]])
  })
})

describe('declared errors', () => {
  const seat = z.object({ row: z.string().transform(Number) })
  const base = os.errors({ TAKEN: { status: 409, message: 'The seat is taken', data: seat }, UNAUTHORIZED: {} })

  test('are made by their code, with the status and message that the contract gives', async () => {
    const procedure = base.handler(({ errors }) => {
      throw errors.UNAUTHORIZED()
    })
    expect(await caught(call(procedure, undefined))).toMatchObject({
      defined: true,
      code: 'UNAUTHORIZED',
      status: 401,
      message: 'Unauthorized',
    })
    const taken = base.handler(({ errors }) => {
      throw errors.TAKEN({ data: { row: '7' } })
    })
    expect(await caught(call(taken, undefined))).toMatchObject({
      defined: true,
      code: 'TAKEN',
      status: 409,
      message: 'The seat is taken',
    })
  })

  test('may have another message and a cause', async () => {
    const cause = new Error('why')
    const procedure = base.handler(({ errors }) => {
      throw errors.UNAUTHORIZED({ message: 'Log in first', cause })
    })
    expect(await caught(call(procedure, undefined))).toMatchObject({ message: 'Log in first', cause })
  })

  test('carry their data as the schema gives it', async () => {
    const procedure = base.handler(({ errors }) => {
      throw errors.TAKEN({ data: { row: '7' } })
    })
    expect(await caught(call(procedure, undefined))).toMatchObject({ code: 'TAKEN', data: { row: 7 } })
  })

  test('are the declared ones too when they are thrown as plain RPCErrors', async () => {
    const procedure = base.handler(() => {
      throw new RPCError('TAKEN', { status: 409, data: { row: '7' } })
    })
    expect(await caught(call(procedure, undefined))).toMatchObject({ defined: true, code: 'TAKEN' })
  })

  test('of another procedure are not declared by this one', async () => {
    const upstream = os.errors({ GONE: {} }).handler(({ errors }) => {
      throw errors.GONE()
    })
    const procedure = base.handler(() => call(upstream, undefined))
    expect(await caught(call(procedure, undefined))).toMatchObject({ defined: false, code: 'GONE' })
  })

  test('can be thrown by middleware and by streams', async () => {
    const guarded = base
      .use(({ errors }) => {
        throw errors.UNAUTHORIZED()
      })
      .handler(() => 1)
    expect(await caught(call(guarded, undefined))).toMatchObject({ defined: true, code: 'UNAUTHORIZED' })
    const client = createRouterClient({
      stream: base.handler(async function* ({ errors }) {
        yield 1
        throw errors.UNAUTHORIZED()
      }),
    })
    const stream = await client.stream()
    expect(await stream.next()).toEqual({ done: false, value: 1 })
    expect(await caught(stream.next())).toMatchObject({ defined: true, code: 'UNAUTHORIZED' })
  })

  test('have no names that nobody declared', async () => {
    const names: unknown[] = []
    const procedure = base.handler(({ errors }) => {
      const all = errors as Readonly<Record<string, unknown>>
      names.push(Object.keys(all), all['constructor'], all['toString'], all['GONE'])
    })
    await call(procedure, undefined)
    expect(names).toEqual([['TAKEN', 'UNAUTHORIZED'], undefined, undefined, undefined])
  })
})

describe('what does not fit', () => {
  test('an input is refused as BAD_REQUEST with the issues of its schema', async () => {
    const procedure = os.input(z.object({ id: z.coerce.number<unknown>() })).handler(() => 1)
    const error = await failureOf(call(procedure, { id: {} }))
    expect(error).toMatchObject({
      code: 'BAD_REQUEST',
      status: 400,
      message: 'Input validation failed',
      defined: false,
    })
    const { issues } = error.data as { issues: { path: unknown; message: string }[] }
    expect(issues).toHaveLength(1)
    expect(issues[0]).toMatchObject({ path: ['id'], message: expect.any(String) })
    expect(error.cause).toBeInstanceOf(ValidationError)
    expect((error.cause as ValidationError).issues).toEqual(issues)
  })

  test('an output is an INTERNAL_SERVER_ERROR that says nothing of the value, and keeps its cause', async () => {
    const procedure = os.output(z.object({ secret: z.number() })).handler(() => ({ secret: 'hunter2' }) as never)
    const error = await failureOf(call(procedure, undefined))
    expect(error.toJSON()).toEqual({
      defined: false,
      code: 'INTERNAL_SERVER_ERROR',
      status: 500,
      message: 'Output validation failed',
      data: undefined,
    })
    expect(error.cause).toBeInstanceOf(ValidationError)
    expect((error.cause as ValidationError).issues[0]).toMatchObject({ path: ['secret'] })
  })
})
