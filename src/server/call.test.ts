import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { os } from './builder.ts'
import { callProcedure, type ProcedureCall } from './call.ts'
import type { Middleware } from './middleware.ts'
import type { Procedure } from './procedure.ts'

async function run(procedure: Procedure, call: Partial<ProcedureCall> = {}): Promise<unknown> {
  const source = new AbortController()
  return callProcedure(procedure, { input: undefined, context: {}, source, lastEventId: undefined, path: [], ...call })
}

class Session {
  readonly name = 'ada'
  greet(): string {
    return `Hello, ${this.name}`
  }
}

const id = z.object({ id: z.coerce.number<string>() })

describe('the way of a call', () => {
  test('the handler gets the validated input and everything about the call', async () => {
    const source = new AbortController()
    const procedure = os
      .$context<{ db: string }>()
      .input(id)
      .handler(({ errors: _, ...options }) => options)
    const call = { context: { db: 'pg' }, lastEventId: '6', path: ['a', 'b'] }
    const options = await run(procedure, { ...call, input: { id: '7' }, source })
    expect({ ...(options as object) }).toEqual({ ...call, input: { id: 7 }, signal: source.signal, procedure })
  })

  test('the handler’s output leaves as the output schema gives it', async () => {
    const procedure = os.output(z.object({ text: z.string().trim() })).handler(() => ({ text: '  hi  ', secret: 1 }))
    expect(await run(procedure)).toEqual({ text: 'hi' })
  })

  test('without schemas input and output pass as they are', async () => {
    const input = { any: Symbol('thing') }
    expect(
      await run(
        os.handler(({ input }) => input),
        { input },
      ),
    ).toBe(input)
  })

  test('asynchronous schemas are waited for', async () => {
    const double = z.number().transform(async (value) => value * 2)
    const procedure = os
      .input(double)
      .output(double)
      .handler(({ input }) => input + 1)
    expect(await run(procedure, { input: 5 })).toBe(22)
  })

  test('a handler may return any promise-like', async () => {
    const thenable: PromiseLike<number> = { then: (...args) => Promise.resolve(41).then(...args) }
    expect(await run(os.output(z.number().transform((value) => value + 1)).handler(() => thenable))).toBe(42)
  })

  test('middleware runs in its order around the handler', async () => {
    const steps: string[] = []
    const step = (name: string): Middleware => {
      return async ({ next }) => {
        steps.push(`${name} in`)
        const result = await next()
        steps.push(`${name} out`)
        return result
      }
    }
    await run(
      os
        .use(step('a'))
        .use(step('b'))
        .handler(() => steps.push('handler')),
    )
    expect(steps).toEqual(['a in', 'b in', 'handler', 'b out', 'a out'])
  })

  test('middleware sees the raw input before .input() and the validated one behind it', async () => {
    const seen: unknown[] = []
    const procedure = os
      .use(({ next }, input) => {
        seen.push(input)
        return next()
      })
      .input(id)
      .use(({ next }, input) => {
        seen.push(input)
        return next()
      })
      .handler(({ input }) => seen.push(input))
    await run(procedure, { input: { id: '7' } })
    expect(seen).toEqual([{ id: '7' }, { id: 7 }, { id: 7 }])
  })

  test('middleware before .input() runs for an input that does not fit, middleware behind it does not', async () => {
    const ran: string[] = []
    const procedure = os
      .use(({ next }) => {
        ran.push('before')
        return next()
      })
      .input(id)
      .use(({ next }) => {
        ran.push('behind')
        return next()
      })
      .handler(() => ran.push('handler'))
    await expect(run(procedure, { input: {} })).rejects.toMatchObject({ code: 'BAD_REQUEST' })
    expect(ran).toEqual(['before'])
  })
})

describe('the context', () => {
  test('what middleware adds is there for all that comes after it, and for nothing before', async () => {
    const seen: unknown[] = []
    const procedure = os
      .$context<{ db: string }>()
      .use(async ({ context, next }) => {
        seen.push({ ...context })
        const result = await next({ context: { user: 7 } })
        seen.push({ ...context })
        return result
      })
      .use(({ context, next }) => {
        seen.push({ ...context })
        return next({ context: { user: 8, admin: true } })
      })
      .handler(({ context }) => seen.push({ ...context }))
    await run(procedure, { context: { db: 'pg' } })
    expect(seen).toEqual([{ db: 'pg' }, { db: 'pg', user: 7 }, { db: 'pg', user: 8, admin: true }, { db: 'pg' }])
  })

  test('the caller’s own context stays as it was', async () => {
    const context = Object.freeze({ db: 'pg' })
    await run(
      os.use(({ next }) => next({ context: { db: 'other' } })).handler(() => 1),
      { context },
    )
    expect(context).toEqual({ db: 'pg' })
  })

  test('next() tells what it was given, for those who wrap it', async () => {
    let result: unknown
    const procedure = os
      .use(async ({ next }) => {
        const inner = await next({ context: { user: 7 } })
        result = inner
        return inner
      })
      .handler(() => 'done')
    await run(procedure)
    expect(result).toEqual({ output: 'done', context: { user: 7 } })
  })

  test('a context of a class keeps its methods behind middleware that adds nothing', async () => {
    const procedure = os
      .$context<Session>()
      .use(({ next }) => next())
      .handler(({ context }) => context.greet())
    expect(await run(procedure, { context: new Session() })).toBe('Hello, ada')
  })

  test('a context of a class keeps its methods behind middleware that adds to it', async () => {
    const procedure = os
      .$context<Session>()
      .use(({ next }) => next({ context: { user: 7 } }))
      .handler(({ context }) => `${context.greet()}: ${context.user}`)
    expect(await run(procedure, { context: new Session() })).toBe('Hello, ada: 7')
  })
})

describe('the output', () => {
  test('middleware may replace it', async () => {
    const procedure = os
      .use(async ({ next }, _input, output) => output(`<${(await next()).output}>`))
      .use(async ({ next }, _input, output) => output(`[${(await next()).output}]`))
      .handler(() => 'hi')
    expect(await run(procedure)).toBe('<[hi]>')
  })

  test('middleware may answer early: nothing behind it runs', async () => {
    const ran: string[] = []
    const procedure = os
      .use((_options, _input, output) => output('cached'))
      .use(({ next }) => {
        ran.push('middleware')
        return next()
      })
      .input(id)
      .handler(() => ran.push('handler'))
    expect(await run(procedure, { input: 'unfit' })).toBe('cached')
    expect(ran).toEqual([])
  })

  test('middleware may run the rest again', async () => {
    let attempts = 0
    const procedure = os
      .use(({ next }) => next().catch(() => next()))
      .input(id)
      .handler(({ input }) => {
        attempts++
        if (attempts === 1) throw new Error('first')
        return input.id
      })
    expect(await run(procedure, { input: { id: '7' } })).toBe(7)
    expect(attempts).toBe(2)
  })
})
