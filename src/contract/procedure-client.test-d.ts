import { expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import { createClient } from '../client/create-client.ts'
import type { Link } from '../client/link.ts'
import type { EventIterator } from '../event/event-iterator.ts'
import { oc } from './builder.ts'
import { eventIterator } from './event-iterator.ts'
import type { ContractRouterClient } from './infer.ts'

const message = z.object({ id: z.string(), kind: z.enum(['text', 'image']) })

const contract = {
  ping: oc.output(z.literal('pong')),
  chat: {
    send: oc.input(z.object({ roomId: z.string(), kind: z.enum(['text', 'image']) })).output(message),
    list: oc.input(z.object({ limit: z.number().optional() }).optional()).output(z.array(message)),
    stream: oc.input(z.object({ roomId: z.string() })).output(eventIterator(message, z.number())),
  },
}

const client: ContractRouterClient<typeof contract> = createClient({} as Link)

test('an input that is required must be given', () => {
  client.chat.send({ roomId: '7', kind: 'text' })
  // @ts-expect-error: no input
  client.chat.send()
  // @ts-expect-error: no input either
  client.chat.send(undefined)
})

test('an input that may be undefined may be left out, also before options', () => {
  client.chat.list()
  client.chat.list(undefined)
  client.chat.list({})
  client.chat.list(undefined, { lastEventId: '7' })
  client.ping()
})

test('an input of another shape is refused', () => {
  // @ts-expect-error: kind is missing
  client.chat.send({ roomId: '7' })
  // @ts-expect-error: roomId is a string
  client.chat.send({ roomId: 7, kind: 'text' })
  // @ts-expect-error: no such kind
  client.chat.send({ roomId: '7', kind: 'video' })
  // @ts-expect-error: no such field
  client.chat.send({ roomId: '7', kind: 'text', urgent: true })
  // @ts-expect-error: limit is a number
  client.chat.list({ limit: '10' })
})

test('a procedure that the contract does not have is not there', () => {
  // @ts-expect-error: no such procedure
  client.chat.leave()
  // @ts-expect-error: no such branch
  client.rooms
  // @ts-expect-error: a branch is no procedure
  client.chat()
})

test('a call resolves with the output', async () => {
  expectTypeOf(await client.ping()).toEqualTypeOf<'pong'>()
  expectTypeOf(await client.chat.send({ roomId: '7', kind: 'text' })).toEqualTypeOf<{
    id: string
    kind: 'text' | 'image'
  }>()
  const sent = await client.chat.send({ roomId: '7', kind: 'text' })
  // @ts-expect-error: no such literal
  sent.kind === 'video'
})

test('a call is a promise to whoever asks for one', () => {
  expectTypeOf(client.ping()).toExtend<Promise<'pong'>>()
  expectTypeOf(Promise.all([client.ping(), client.chat.list()])).resolves.toEqualTypeOf<
    ['pong', z.infer<typeof message>[]]
  >()
})

test('a stream is an event iterator whose return() needs no argument', async () => {
  const stream = await client.chat.stream({ roomId: '7' })
  expectTypeOf(stream).toEqualTypeOf<EventIterator<z.infer<typeof message>, number>>()
  await stream.return()
  // @ts-expect-error: the stream ends with a number
  await stream.return('done')
  // @ts-expect-error: a stream takes nothing
  await stream.next('event')
  for await (const event of stream) expectTypeOf(event.kind).toEqualTypeOf<'text' | 'image'>()
})

test('the options of a call are checked', () => {
  const { signal } = new AbortController()
  client.chat.stream({ roomId: '7' }, { signal, lastEventId: '7', resume: 'always' })
  // @ts-expect-error: an id is a string
  client.chat.stream({ roomId: '7' }, { lastEventId: 7 })
  // @ts-expect-error: no such mode
  client.chat.stream({ roomId: '7' }, { resume: 'sometimes' })
  client.chat.stream({ roomId: '7' }, { onConnectionState: (state) => expectTypeOf(state.status).toBeString() })
})

test('a client context that has required members must be given with each call', () => {
  const authed: ContractRouterClient<typeof contract, { token: string }> = createClient({} as Link)
  authed.chat.send({ roomId: '7', kind: 'text' }, { context: { token: 't' } })
  // @ts-expect-error: no context
  authed.chat.send({ roomId: '7', kind: 'text' })
  // @ts-expect-error: no token
  authed.chat.send({ roomId: '7', kind: 'text' }, { context: {} })
  // @ts-expect-error: no context, though there is no input
  authed.ping()
})

test('a client context without required members may be left out', () => {
  const traced: ContractRouterClient<typeof contract, { trace?: string }> = createClient({} as Link)
  traced.ping()
  traced.ping(undefined, { context: { trace: '1' } })
  // @ts-expect-error: trace is a string
  traced.ping(undefined, { context: { trace: 1 } })
})
