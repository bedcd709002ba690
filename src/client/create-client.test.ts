import { describe, expect, test } from 'vitest'
import { createClient } from './create-client.ts'
import type { Link } from './link.ts'

interface Client {
  (input?: unknown, options?: object): Promise<unknown>
  readonly [name: string]: Client
}

/** A link that answers with what it was called with. */
const echo: Link = { call: async (path, input, options) => ({ path, input, options }) }

describe('createClient', () => {
  test('calls the link with the path that was walked', async () => {
    const client = createClient<{ a: { b: { c: Client } } }>(echo)
    const { signal } = new AbortController()
    const options = { signal, lastEventId: '7', context: { token: 't' } }
    expect(await client.a.b.c({ id: 1 }, options)).toEqual({ path: ['a', 'b', 'c'], input: { id: 1 }, options })
  })

  test('gives the link options, also when there are none', async () => {
    const client = createClient<{ ping: Client }>(echo)
    expect(await client.ping()).toEqual({ path: ['ping'], input: undefined, options: {} })
  })

  test('keeps a procedure the same function, so that it can be a dependency of a hook', () => {
    const client = createClient<{ a: { b: Client; c: Client } }>(echo)
    expect(client.a.b).toBe(client.a.b)
    expect(client.a.b).not.toBe(client.a.c)
  })

  test('procedures may be handed around without the client', async () => {
    const { b } = createClient<{ a: { b: Client } }>(echo).a
    expect(await b(1)).toMatchObject({ path: ['a', 'b'], input: 1 })
    expect(await Promise.all([1, 2].map((input) => b(input)))).toMatchObject([{ input: 1 }, { input: 2 }])
  })

  test('a branch may be called too: a procedure may have procedures below it', async () => {
    const client = createClient<{ a: Client }>(echo)
    expect(await client.a()).toMatchObject({ path: ['a'] })
    expect(await client.a['b']?.()).toMatchObject({ path: ['a', 'b'] })
  })

  test.each(['name', 'length', 'call', 'apply', 'bind', 'prototype', 'constructor', 'toString', '__proto__', 'catch'])(
    'a procedure may be called %s',
    async (name) => {
      const client = createClient<{ a: Client }>(echo)
      expect(await client.a[name]?.(1)).toEqual({ path: ['a', name], input: 1, options: {} })
    },
  )

  test('is no promise: awaiting it or a branch of it calls nothing', async () => {
    let calls = 0
    const client = createClient<{ a: Client }>({ call: async () => calls++ })
    const awaited = await client
    expect(awaited).toBe(client)
    expect(await Promise.resolve(client.a)).toBe(client.a)
    expect(calls).toBe(0)
  })

  test('can be looked at, as a console or a test runner does', () => {
    const client = createClient<{ a: Client }>(echo)
    expect(() => `${Object.prototype.toString.call(client.a)}${typeof client.a}`).not.toThrow()
    expect(Reflect.get(client.a, Symbol.toStringTag)).toBeUndefined()
    expect(Reflect.get(client.a, Symbol.asyncIterator)).toBeUndefined()
  })

  test('what the link throws rejects the call', async () => {
    const failure = new Error('offline')
    const client = createClient<{ ping: Client }>({ call: () => Promise.reject(failure) })
    await expect(client.ping()).rejects.toBe(failure)
  })
})
