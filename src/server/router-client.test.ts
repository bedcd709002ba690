import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { eventIterator } from '../contract/event-iterator.ts'
import { RPCError } from '../core/error.ts'
import { os } from './builder.ts'
import type { Router } from './router.ts'
import { createRouterClient } from './router-client.ts'

type Untyped = { readonly [name: string]: Untyped } & ((input?: unknown) => Promise<unknown>)

const echo = os.input(z.object({ text: z.string() })).handler(({ input }) => input.text)

describe('createRouterClient', () => {
  test('calls procedures at any depth', async () => {
    const client = createRouterClient({ echo, deep: { deeper: { echo } } })
    expect(await client.echo({ text: 'a' })).toBe('a')
    expect(await client.deep.deeper.echo({ text: 'b' })).toBe('b')
  })

  test('tells each procedure its path', async () => {
    const where = os.handler(({ path }) => path)
    const client = createRouterClient({ where, deep: { where } })
    expect(await client.where()).toEqual(['where'])
    expect(await client.deep.where()).toEqual(['deep', 'where'])
  })

  test('gives the context to every call', async () => {
    const context = { db: 'pg' }
    const router = { db: os.$context<{ db: string }>().handler(({ context }) => context.db) }
    const client = createRouterClient(router, { context })
    expect(await client.db()).toBe('pg')
    context.db = 'sqlite'
    expect(await client.db()).toBe('sqlite')
  })

  test('gives an empty context where none is needed', async () => {
    expect(await createRouterClient({ context: os.handler(({ context }) => context) }).context()).toEqual({})
  })

  test('passes on the signal and the lastEventId of a call', async () => {
    const client = createRouterClient({ scope: os.handler(({ signal, lastEventId }) => ({ signal, lastEventId })) })
    const controller = new AbortController()
    const call = client.scope(undefined, { signal: controller.signal, lastEventId: '7' })
    controller.abort('gone')
    const { signal, lastEventId } = await call
    expect([signal.reason, lastEventId]).toEqual(['gone', '7'])
  })

  test('gives a signal that has not aborted where the caller has none', async () => {
    const { signal, lastEventId } = await createRouterClient({ scope: os.handler((options) => options) }).scope()
    expect(signal).toBeInstanceOf(AbortSignal)
    expect(signal.aborted).toBe(false)
    expect(lastEventId).toBeUndefined()
  })

  test('validates the input', async () => {
    const client = createRouterClient({ echo }) as unknown as Untyped
    await expect(client['echo']?.({ text: 7 })).rejects.toMatchObject({ code: 'BAD_REQUEST', status: 400 })
  })

  test('lets a handler that waits on its signal go when its stream is left', async () => {
    let left: unknown
    const wait = os.handler(async function* ({ signal }) {
      yield 1
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
      left = signal.aborted
    })
    const stream = await createRouterClient({ wait }).wait()
    await stream.next()
    const pending = stream.next()
    await stream.return()
    expect([left, await pending]).toEqual([true, { done: true, value: undefined }])
  })

  test('gives streams that are validated and can be left', async () => {
    let cleaned = false
    const client = createRouterClient({
      ticks: os.output(eventIterator(z.string().transform(Number))).handler(async function* () {
        try {
          yield '1'
          yield '2'
        } finally {
          cleaned = true
        }
      }),
    })
    const stream = await client.ticks()
    expect(await stream.next()).toEqual({ done: false, value: 1 })
    await stream.return()
    expect(cleaned).toBe(true)
  })

  test.each(['pong', 'deep', 'deep.pong', 'echo.text', 'toString', '__proto__', 'constructor', 'deep.hasOwnProperty'])(
    'rejects with NOT_FOUND at %s',
    async (path) => {
      let client = createRouterClient({ echo, deep: { echo } } as Router) as unknown as Untyped
      for (const name of path.split('.')) client = client[name] as Untyped
      const error: unknown = await client({ text: 'a' }).catch((error: unknown) => error)
      expect(error).toBeInstanceOf(RPCError)
      expect(error).toMatchObject({
        code: 'NOT_FOUND',
        status: 404,
        message: `No procedure at ${path}`,
        defined: false,
      })
    },
  )

  test('is the client of a single procedure as well', async () => {
    expect(await createRouterClient(echo)({ text: 'a' })).toBe('a')
  })
})
