import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { eventIterator } from '../contract/event-iterator.ts'
import { RPCError } from '../core/error.ts'
import { ValidationError } from '../core/schema.ts'
import { getEventMeta, withEventMeta } from '../event/event-meta.ts'
import { os } from './builder.ts'
import { call } from './implemented-procedure.ts'

const message = z.object({ text: z.string().trim() })

async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => expect.fail('it succeeded'),
    (error) => error,
  )
}

describe('a stream as the output', () => {
  test('each event leaves as the event schema gives it, with its meta', async () => {
    const procedure = os.output(eventIterator(message)).handler(async function* () {
      yield { text: ' a ' }
      yield withEventMeta({ text: ' b ' }, { id: '2', retry: 5000 })
    })
    const stream = await call(procedure, undefined)
    const first = await stream.next()
    const second = await stream.next()
    expect([first, second]).toEqual([
      { done: false, value: { text: 'a' } },
      { done: false, value: { text: 'b' } },
    ])
    expect(getEventMeta(first.value)).toBeUndefined()
    expect(getEventMeta(second.value)).toEqual({ id: '2', retry: 5000 })
    expect(await stream.next()).toEqual({ done: true, value: undefined })
  })

  test('the value that ends it leaves as the second schema gives it', async () => {
    const procedure = os.output(eventIterator(message, z.string().transform(Number))).handler(async function* () {
      yield { text: 'a' }
      return '7'
    })
    const stream = await call(procedure, undefined)
    await stream.next()
    expect(await stream.next()).toEqual({ done: true, value: 7 })
  })

  test('an event that does not fit fails the stream, and the handler cleans up', async () => {
    let cleaned = false
    const procedure = os.output(eventIterator(message)).handler(async function* () {
      try {
        yield { text: 'fits' }
        yield { text: 7 } as never
        yield { text: 'never seen' }
      } finally {
        cleaned = true
      }
    })
    const stream = await call(procedure, undefined)
    expect(await stream.next()).toEqual({ done: false, value: { text: 'fits' } })
    expect(await failureOf(stream.next())).toBeInstanceOf(ValidationError)
    expect(cleaned).toBe(true)
    expect(await stream.next()).toEqual({ done: true, value: undefined })
  })

  test('an end that does not fit fails the stream', async () => {
    const procedure = os.output(eventIterator(message, z.number())).handler(async function* () {
      yield { text: 'a' }
      return 'seven' as never
    })
    const stream = await call(procedure, undefined)
    await stream.next()
    expect(await failureOf(stream.next())).toBeInstanceOf(ValidationError)
  })

  test('what the handler throws in the middle fails the stream as it is', async () => {
    const failure = new RPCError('FORBIDDEN')
    const procedure = os.output(eventIterator(message)).handler(async function* () {
      yield { text: 'a' }
      throw failure
    })
    const stream = await call(procedure, undefined)
    await stream.next()
    expect(await failureOf(stream.next())).toBe(failure)
  })

  test('leaving the stream runs the cleanup of the handler', async () => {
    let cleaned = false
    const procedure = os.output(eventIterator(message)).handler(async function* () {
      try {
        for (;;) yield { text: 'a' }
      } finally {
        cleaned = true
      }
    })
    for await (const _ of await call(procedure, undefined)) break
    expect(cleaned).toBe(true)
  })

  test('a handler that gives no stream where one is declared fails the call', async () => {
    const procedure = os.output(eventIterator(message)).handler(() => [{ text: 'a' }] as never)
    const error = await failureOf(call(procedure, undefined))
    expect(error).toMatchObject({ code: 'INTERNAL_SERVER_ERROR', message: 'Output validation failed' })
  })

  test('the handler is pulled only as far as the consumer goes', async () => {
    let made = 0
    const procedure = os.output(eventIterator(z.number())).handler(async function* () {
      for (;;) yield ++made
    })
    const stream = await call(procedure, undefined)
    expect(made).toBe(0)
    await stream.next()
    await stream.next()
    expect(made).toBe(2)
    await stream.return()
  })
})

describe('a stream as the input', () => {
  test('each event reaches the handler as the event schema gives it', async () => {
    const procedure = os.input(eventIterator(message)).handler(async ({ input }) => {
      const texts: string[] = []
      for await (const { text } of input) texts.push(text)
      return texts
    })
    async function* source(): AsyncGenerator<{ text: string }, void> {
      yield { text: ' a ' }
      yield { text: ' b ' }
    }
    expect(await call(procedure, source())).toEqual(['a', 'b'])
  })
})
