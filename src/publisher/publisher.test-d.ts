import { expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import { eventIterator } from '../contract/event-iterator.ts'
import { os } from '../server/builder.ts'
import type { EventLog } from './event-log.ts'
import { MemoryLog } from './memory-log.ts'
import { Publisher } from './publisher.ts'
import type { Subscription } from './subscription.ts'

interface Message {
  readonly text: string
}

interface Notice {
  readonly level: 'info' | 'error'
}

const publisher = new Publisher<{ [room: `room:${string}`]: Message; notices: Notice }>(new MemoryLog())
const { signal } = new AbortController()

test('publish() takes the event of its channel', () => {
  publisher.publish('room:7', { text: 'hi' })
  publisher.publish(`room:${Math.random()}`, { text: 'hi' }, { idempotencyKey: 'once' })
  publisher.publish('notices', { level: 'info' })
  // @ts-expect-error: the event of another channel
  publisher.publish('room:7', { level: 'info' })
  // @ts-expect-error: no such level
  publisher.publish('notices', { level: 'fatal' })
  // @ts-expect-error: text is missing
  publisher.publish('room:7', {})
  // @ts-expect-error: no event
  publisher.publish('room:7')
})

test('a channel that fits no name is refused', () => {
  // @ts-expect-error: no such channel
  publisher.publish('user:7', { text: 'hi' })
  // @ts-expect-error: no such channel
  publisher.subscribe('user:7')
  // @ts-expect-error: any string is not a room
  publisher.subscribe('room' as string)
})

test('publish() resolves with the id', () => {
  expectTypeOf(publisher.publish('room:7', { text: 'hi' })).resolves.toExtend<{ id: string; duplicate: boolean }>()
})

test('a subscription has the events of its channel', async () => {
  expectTypeOf(publisher.subscribe('room:7')).toEqualTypeOf<Subscription<Message>>()
  expectTypeOf(publisher.subscribe('room:7').ready).resolves.toBeString()
  for await (const message of publisher.subscribe('room:7', { signal })) expectTypeOf(message).toEqualTypeOf<Message>()
  for await (const notice of publisher.subscribe('notices')) expectTypeOf(notice).toEqualTypeOf<Notice>()
})

test('the options of a subscription are checked', () => {
  publisher.subscribe('room:7', { lastEventId: 'a:1:b', from: 'start', onGap: 'oldest', signal })
  publisher.subscribe('room:7', { from: 'a:1:b' })
  // @ts-expect-error: an id is a string
  publisher.subscribe('room:7', { from: 7 })
  // @ts-expect-error: no such policy
  publisher.subscribe('room:7', { onGap: 'ignore' })
  // @ts-expect-error: an id is a string
  publisher.subscribe('room:7', { lastEventId: 7 })
})

test('an interface names the channels as well as a type does', () => {
  interface Events {
    notices: Notice
  }
  expectTypeOf(new Publisher<Events>(new MemoryLog()).subscribe('notices')).toEqualTypeOf<Subscription<Notice>>()
})

test('a handler may return a subscription, delegate to it or yield its events', () => {
  const room = os.input(z.object({ id: z.string() })).output(eventIterator(z.object({ text: z.string() })))
  room.handler(({ input, signal, lastEventId }) => publisher.subscribe(`room:${input.id}`, { signal, lastEventId }))
  room.handler(async function* ({ input, signal, lastEventId }) {
    yield* publisher.subscribe(`room:${input.id}`, { signal, lastEventId })
  })
  room.handler(async function* ({ input, signal, lastEventId }) {
    for await (const message of publisher.subscribe(`room:${input.id}`, { signal, lastEventId })) yield message
  })
  // @ts-expect-error: the events of another channel
  room.handler(({ signal }) => publisher.subscribe('notices', { signal }))
})

test('what is no log is refused', () => {
  // @ts-expect-error: a publisher needs a log
  new Publisher<{ notices: Notice }>()
  // @ts-expect-error: an array is no log
  new Publisher<{ notices: Notice }>([])
})

test('a listener gets the events of its channel and is taken off by what comes back', () => {
  const off = publisher.subscribe('room:7', (message) => expectTypeOf(message).toEqualTypeOf<Message>(), { signal })
  expectTypeOf(off).toEqualTypeOf<() => void>()
  // @ts-expect-error: the events of another channel
  publisher.subscribe('room:7', (notice: Notice) => notice)
})

test('several channels give events that tell their channel', async () => {
  for await (const item of publisher.subscribe(['room:7', 'notices'])) {
    if (item.channel === 'notices') expectTypeOf(item.event).toEqualTypeOf<Notice>()
    else expectTypeOf(item.event).toEqualTypeOf<Message>()
  }
  // @ts-expect-error: no such channel
  publisher.subscribe(['room:7', 'other'])
})

test('publishAll() takes events of its channel', () => {
  expectTypeOf(publisher.publishAll('room:7', [{ text: 'hi' }])).resolves.toExtend<{ id: string }>()
  // @ts-expect-error: the events of another channel
  publisher.publishAll('room:7', [{ level: 'info' }])
})

test('a transaction is taken where the log has a type for it', () => {
  interface Transaction {
    readonly query: string
  }
  const log: EventLog<Transaction> = new MemoryLog()
  const transactional = new Publisher<{ notices: Notice }, Transaction>(log)
  transactional.publish('notices', { level: 'info' }, { transaction: { query: '' } })
  // @ts-expect-error: not one of this log's
  transactional.publish('notices', { level: 'info' }, { transaction: {} })
  // @ts-expect-error: this log has none
  publisher.publish('notices', { level: 'info' }, { transaction: { query: '' } })
})

test('the options of channels are checked against their events', () => {
  type Events = { [room: `room:${string}`]: Message; notices: Notice }
  new Publisher<Events>(new MemoryLog(), {
    channels: {
      'room:*': { schema: z.object({ text: z.string() }), retention: { events: 10 } },
      notices: { schema: z.object({ level: z.enum(['info', 'error']) }) },
    },
  })
  // @ts-expect-error: no such channel
  new Publisher<Events>(new MemoryLog(), { channels: { 'user:*': {} } })
  // @ts-expect-error: the schema of other events
  new Publisher<Events>(new MemoryLog(), { channels: { notices: { schema: z.object({ text: z.string() }) } } })
})
