import { expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import { oc } from '../contract/builder.ts'
import { eventIterator } from '../contract/event-iterator.ts'
import type { ContractRouterClient } from '../contract/infer.ts'
import type { EventIterator } from '../event/event-iterator.ts'
import { consumeEventIterator } from './consume-event-iterator.ts'
import { createClient } from './create-client.ts'
import type { Link } from './link.ts'

const message = z.object({ text: z.string() })
const contract = { stream: oc.output(eventIterator(message, z.number())) }
const client: ContractRouterClient<typeof contract> = createClient({} as Link)

test('the events and the end of a call’s stream are inferred', () => {
  consumeEventIterator(client.stream(), {
    onEvent: (event) => expectTypeOf(event).toEqualTypeOf<{ text: string }>(),
    onSuccess: (result) => expectTypeOf(result).toEqualTypeOf<number | undefined>(),
    onError: (error) => expectTypeOf(error).toBeUnknown(),
  })
})

test('the events and the end of a stream that is open already are inferred', () => {
  consumeEventIterator({} as EventIterator<{ text: string }, number>, {
    onEvent: (event) => expectTypeOf(event).toEqualTypeOf<{ text: string }>(),
    onSuccess: (result) => expectTypeOf(result).toEqualTypeOf<number | undefined>(),
  })
})

test('an async generator and any promise-like of one are taken too', () => {
  async function* generate(): AsyncGenerator<'tick', void> {
    yield 'tick'
  }
  consumeEventIterator(generate(), { onEvent: (event) => expectTypeOf(event).toEqualTypeOf<'tick'>() })
  consumeEventIterator({} as PromiseLike<ReturnType<typeof generate>>, {
    onEvent: (event) => expectTypeOf(event).toEqualTypeOf<'tick'>(),
    onSuccess: (result) => expectTypeOf(result).toEqualTypeOf<void | undefined>(),
  })
})

test('onFinish tells success and failure apart by position', () => {
  consumeEventIterator(client.stream(), {
    onEvent: () => {},
    onFinish: (end) => {
      const [error, result, isSuccess] = end
      if (isSuccess) expectTypeOf(result).toEqualTypeOf<number | undefined>()
      else expectTypeOf(result).toBeUndefined()
      if (isSuccess) expectTypeOf(error).toBeNull()
      else expectTypeOf(error).toBeUnknown()
    },
  })
})

test('what cancels is a function that gives a promise', () => {
  expectTypeOf(consumeEventIterator(client.stream(), { onEvent: () => {} })).toEqualTypeOf<() => Promise<void>>()
})

test('onEvent is required, and takes the event that the stream has', () => {
  // @ts-expect-error: no onEvent
  consumeEventIterator(client.stream(), {})
  // @ts-expect-error: the stream has no numbers
  consumeEventIterator(client.stream(), { onEvent: (event: number) => event })
})

test('what is no stream is refused', () => {
  // @ts-expect-error: a list is no stream
  consumeEventIterator([1, 2], { onEvent: () => {} })
  // @ts-expect-error: a promise of a list is no stream
  consumeEventIterator(Promise.resolve([1, 2]), { onEvent: () => {} })
})
