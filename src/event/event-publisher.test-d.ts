import { expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import { eventIterator } from '../contract/event-iterator.ts'
import { os } from '../server/builder.ts'
import { withEventMeta } from './event-meta.ts'
import { EventPublisher } from './event-publisher.ts'

const LEFT: unique symbol = Symbol('left')

const posts = new EventPublisher<{ created: { id: number }; deleted: string; [LEFT]: boolean }>()
const { signal } = new AbortController()

test('publish() takes the payload of its name', () => {
  posts.publish('created', { id: 7 })
  posts.publish(LEFT, true)
  // @ts-expect-error: id is a number
  posts.publish('created', { id: '7' })
  // @ts-expect-error: the payload of another name
  posts.publish('created', 'post')
  // @ts-expect-error: no payload
  posts.publish('created')
  // @ts-expect-error: no such name
  posts.publish('updated', { id: 7 })
})

test('a listener gets the payload of its name, and gives back what ends it', () => {
  const off = posts.subscribe('created', (post) => expectTypeOf(post).toEqualTypeOf<{ id: number }>())
  expectTypeOf(off).toEqualTypeOf<() => void>()
  // @ts-expect-error: the payload is no string
  posts.subscribe('created', (post: string) => post)
  // @ts-expect-error: no such name
  posts.subscribe('updated', () => {})
})

test('without a listener the payloads come as an async generator', async () => {
  expectTypeOf(posts.subscribe('created', { signal })).toEqualTypeOf<AsyncGenerator<{ id: number }, void, void>>()
  expectTypeOf(posts.subscribe('deleted')).toEqualTypeOf<AsyncGenerator<string, void, void>>()
  for await (const left of posts.subscribe(LEFT, { signal })) expectTypeOf(left).toBeBoolean()
  // @ts-expect-error: no such name
  posts.subscribe('updated', { signal })
})

test('a publisher without a type takes any name and payload, and may be the field of a class', async () => {
  class ChatRoom {
    publisher = new EventPublisher()
  }
  const { publisher } = new ChatRoom()
  publisher.publish('message', { text: 'hi' })
  publisher.publish(LEFT, 1)
  for await (const event of publisher.subscribe('message', { signal })) expectTypeOf(event).toBeAny()
  expectTypeOf(publisher).toEqualTypeOf<EventPublisher<Record<PropertyKey, any>>>()
})

test('a class or interface names the payloads as well', () => {
  interface Events {
    created: { id: number }
  }
  // An interface has no index signature of its own, so a type made of it is what fits.
  const publisher = new EventPublisher<Pick<Events, 'created'>>()
  expectTypeOf(publisher.subscribe('created')).toEqualTypeOf<AsyncGenerator<{ id: number }, void, void>>()
})

test('a handler may yield a subscription, delegate to it or return it', () => {
  const output = eventIterator(z.object({ id: z.number() }))
  os.output(output).handler(async function* ({ signal }) {
    for await (const post of posts.subscribe('created', { signal })) yield withEventMeta(post, { id: String(post.id) })
  })
  os.output(output).handler(async function* ({ signal }) {
    yield* posts.subscribe('created', { signal })
  })
  os.output(output).handler(({ signal }) => posts.subscribe('created', { signal }))
  // @ts-expect-error: its events are strings
  os.output(output).handler(({ signal }) => posts.subscribe('deleted', { signal }))
})
