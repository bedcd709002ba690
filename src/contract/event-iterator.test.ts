import { describe, expect, test, vi } from 'vitest'
import { z } from 'zod'
import { type Schema, type, ValidationError, validate } from '../core/schema.ts'
import type { EventIterator, EventSource } from '../event/event-iterator.ts'
import { getEventMeta, withEventMeta } from '../event/event-meta.ts'
import { eventIterator, eventSchemas } from './event-iterator.ts'
import { validateWhole } from './validate-whole.ts'

const price = z.object({ cents: z.string().transform(Number) })

/** The stream that the schema makes of another one. */
function through(schema: Schema, source: unknown): EventIterator<any, any> {
  const result = validateWhole(schema, source)
  if (result instanceof Promise || result.issues !== undefined) throw new Error('Expected a stream')
  return result.value as EventIterator<any, any>
}

async function* streamOf(events: readonly unknown[], end?: unknown, onLeave: () => void = () => {}): EventSource {
  try {
    yield* events
    return end
  } finally {
    onLeave()
  }
}

describe('the schema of a stream', () => {
  test('gives what the schemas make of the events and of the end', async () => {
    const schema = eventIterator(price, z.string().toUpperCase())
    const stream = through(schema, streamOf([{ cents: '1', extra: 'stripped' }, { cents: '2' }], 'bye'))
    expect(await stream.next()).toEqual({ done: false, value: { cents: 1 } })
    expect(await stream.next()).toEqual({ done: false, value: { cents: 2 } })
    expect(await stream.next()).toEqual({ done: true, value: 'BYE' })
  })

  test('waits for schemas that are asynchronous', async () => {
    const double = type<number, number>(async (n) => 2 * n)
    const stream = through(eventIterator(double, double), streamOf([1], 2))
    expect([await stream.next(), await stream.next()].map(({ value }) => value)).toEqual([2, 4])
  })

  test('lets any end pass where none is declared', async () => {
    expect(await through(eventIterator(price), streamOf([], { any: 'thing' })).next()).toEqual({
      done: true,
      value: { any: 'thing' },
    })
  })

  test('validates an undefined end where one is declared', async () => {
    await expect(through(eventIterator(price, z.string()), streamOf([])).next()).rejects.toBeInstanceOf(ValidationError)
    expect(await through(eventIterator(price, z.void()), streamOf([])).next()).toEqual({ done: true, value: undefined })
  })

  test('keeps the meta of each event', async () => {
    const event = withEventMeta({ cents: '1' }, { id: '7', retry: 100 })
    const { value } = await through(eventIterator(price), streamOf([event])).next()
    expect(value).toStrictEqual({ cents: 1 })
    expect(getEventMeta(value)).toEqual({ id: '7', retry: 100 })
  })

  test('keeps the position of the stream', () => {
    const position = { ready: Promise.resolve(), cursor: () => '7' }
    const stream = through(eventIterator(price), Object.assign(streamOf([]), { '~position': position }))
    expect((stream as EventSource)['~position']?.cursor()).toBe('7')
  })

  test('pulls nothing before it is asked', async () => {
    const source = streamOf([{ cents: '1' }])
    const next = vi.spyOn(source, 'next')
    const stream = through(eventIterator(price), source)
    expect(next).not.toHaveBeenCalled()
    await stream.next()
    expect(next).toHaveBeenCalledTimes(1)
  })

  test('fails on an event that does not fit, skips none, and releases the source', async () => {
    const left = vi.fn()
    const stream = through(eventIterator(price), streamOf([{ cents: '1' }, { cents: 2 }, { cents: '3' }], 0, left))
    await stream.next()
    const error = await stream.next().catch((error: unknown) => error)
    expect(error).toBeInstanceOf(ValidationError)
    expect(error).toMatchObject({
      message: 'Event validation failed: Invalid input: expected string, received number at cents',
      issues: [expect.objectContaining({ path: ['cents'] })],
    })
    expect(left).toHaveBeenCalledTimes(1)
    expect(await stream.next()).toEqual({ done: true, value: undefined })
  })

  test('fails on an end that does not fit', async () => {
    const stream = through(eventIterator(price, z.string()), streamOf([], 1))
    await expect(stream.next()).rejects.toThrow(
      'Validation of the value that ends the stream failed: Invalid input: expected string, received number',
    )
  })

  test.each<[string, unknown[], string]>([
    ['no issue that it could name', [], 'Event validation failed'],
    ['an issue without a path', [{ message: 'bad' }], 'Event validation failed: bad'],
    [
      'a path of every form',
      [{ message: 'bad', path: ['a', 0, { key: 'b' }, Symbol('s')] }, { message: 'other' }],
      'Event validation failed: bad at a.0.b.Symbol(s)',
    ],
  ])('describes %s', async (_, issues, message) => {
    const schema = { '~standard': { version: 1, vendor: 'test', validate: () => ({ issues }) } }
    await expect(through(eventIterator(schema), streamOf([1])).next()).rejects.toMatchObject({ message, issues })
  })

  test('lets through what the source throws', async () => {
    const failure = new Error('failed')
    const broken = (async function* () {
      yield await Promise.reject(failure)
    })()
    await expect(through(eventIterator(price), broken).next()).rejects.toBe(failure)
  })

  test('releases the source when the consumer leaves', async () => {
    const left = vi.fn()
    for await (const _ of through(eventIterator(price), streamOf([{ cents: '1' }], 0, left))) break
    expect(left).toHaveBeenCalledTimes(1)
  })

  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['a value', { cents: '1' }],
    ['an array', [{ cents: '1' }]],
    ['a promise', Promise.resolve(streamOf([]))],
    ['a generator function', streamOf],
  ])('refuses %s in the place of a stream', (_, value) => {
    expect(validate(eventIterator(price), value)).toEqual({ issues: [{ message: 'Expected an event iterator' }] })
  })
})

describe('eventSchemas', () => {
  test("finds the schemas in a stream's schema", () => {
    const done = z.string()
    expect(eventSchemas(eventIterator(price, done))).toEqual({ value: price, done })
    expect(eventSchemas(eventIterator(price))).toEqual({ value: price, done: undefined })
  })

  test('finds none elsewhere', () => {
    expect(eventSchemas(price)).toBeUndefined()
    expect(eventSchemas(undefined)).toBeUndefined()
  })
})
