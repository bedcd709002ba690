import { expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import type { InferInput, InferOutput } from '../core/schema.ts'
import type { EventIterator } from '../event/event-iterator.ts'
import { eventIterator } from './event-iterator.ts'

const when = z.object({ at: z.string().transform((text) => new Date(text)) })

test('a stream’s output is an event iterator of what the event schema gives', () => {
  const stream = eventIterator(when)
  expectTypeOf<InferOutput<typeof stream>>().toEqualTypeOf<EventIterator<{ at: Date }, unknown>>()
})

test('a second schema types the value that ends the stream', () => {
  const stream = eventIterator(when, z.object({ total: z.coerce.number<string>() }))
  expectTypeOf<InferOutput<typeof stream>>().toEqualTypeOf<EventIterator<{ at: Date }, { total: number }>>()
})

test('a generator of the schema’s inputs fits', () => {
  const stream = eventIterator(when, z.number())
  async function* generate(): AsyncGenerator<{ at: string }, number> {
    yield { at: '2026-01-01' }
    return 1
  }
  expectTypeOf(generate()).toExtend<InferInput<typeof stream>>()
})

test('a generator of other events or of another end does not fit', () => {
  const stream = eventIterator(when, z.number())
  type Source = InferInput<typeof stream>
  expectTypeOf<AsyncGenerator<{ at: Date }, number>>().not.toExtend<Source>()
  expectTypeOf<AsyncGenerator<{ at: string }, string>>().not.toExtend<Source>()
  expectTypeOf<AsyncGenerator<{ at: string }, void>>().not.toExtend<Source>()
  expectTypeOf<Generator<{ at: string }, number>>().not.toExtend<Source>()
})

test('an event iterator is left by return() with or without a value', () => {
  type Iterator = EventIterator<{ at: Date }, number>
  expectTypeOf<Iterator['return']>().parameters.toEqualTypeOf<[value?: number | PromiseLike<number>]>()
  expectTypeOf<Iterator['return']>().returns.toEqualTypeOf<Promise<IteratorResult<{ at: Date }, number>>>()
  expectTypeOf<Iterator>().toExtend<AsyncIterableIterator<{ at: Date }, number>>()
})

test('a for await loop sees the events', async () => {
  const stream = {} as EventIterator<{ at: Date }, number>
  for await (const event of stream) expectTypeOf(event).toEqualTypeOf<{ at: Date }>()
})

test('the end is told apart by done', async () => {
  const result = await ({} as EventIterator<{ at: Date }, number>).next()
  if (result.done) expectTypeOf(result.value).toBeNumber()
  else expectTypeOf(result.value).toEqualTypeOf<{ at: Date }>()
})

test('what is no schema is refused', () => {
  // @ts-expect-error: events are described by a schema
  eventIterator({ at: 'string' })
  // @ts-expect-error: the end is described by a schema
  eventIterator(when, { total: 'number' })
})
