import { expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import { oc } from '../contract/builder.ts'
import type { ContractRouterClient } from '../contract/infer.ts'
import { type } from '../core/schema.ts'
import type { EventIterator } from '../event/event-iterator.ts'
import { os } from '../server/builder.ts'
import { implement } from '../server/implement.ts'
import type { RouterClient } from '../server/router.ts'
import { DurableEventIterator } from './durable-event-iterator.ts'
import { DurableEventIteratorObject as ObjectClass } from './durable-object/durable-event-iterator-object.ts'
import type { ClientDurableEventIterator, DurableEventIteratorObject, RPCMethod } from './types.ts'

// The contract of the seed. Changed: the import specifiers.
const publishMessageContract = oc.input(z.object({ message: z.string() }))

interface ChatRoom extends DurableEventIteratorObject<{ message: string }> {
  publishMessage(...args: any[]): ContractRouterClient<typeof publishMessageContract>
}

const contract = {
  onMessage: oc.output(type<ClientDurableEventIterator<ChatRoom, 'publishMessage'>>()),
}

const base = os

class Room extends ObjectClass<{ text: string }, { userId: string }, { mood: string }> {
  say(text: string): void {
    void this.publishEvent({ text })
    // @ts-expect-error an event has the room's type.
    void this.publishEvent({ message: text })
  }

  publishMessage(ws: WebSocket) {
    const attachment = this.dei.websocketManager.deserializeAttachment(ws)
    expectTypeOf(attachment['dei:token:payload'].att).toEqualTypeOf<{ userId: string }>()
    expectTypeOf(attachment.mood).toEqualTypeOf<string>()
    this.dei.websocketManager.serializeAttachment(ws, { mood: 'good' })
    // @ts-expect-error so has an attachment.
    this.dei.websocketManager.serializeAttachment(ws, { mode: 'good' })
    const sockets: WebSocket[] = this.ctx.getWebSockets()
    void sockets
    return base
      .input(z.object({ text: z.string() }))
      .handler(({ input }) => input.text.length)
      .callable()
  }

  router() {
    return { ping: base.handler(() => 'pong').callable(), deep: { ping: base.handler(() => 1).callable() } }
  }
}

test('what the client gets of a contract', () => {
  type Client = ContractRouterClient<typeof contract>
  type Iterator = Awaited<ReturnType<Client['onMessage']>>
  expectTypeOf<Iterator>().toExtend<EventIterator<{ message: string }>>()
  expectTypeOf<Parameters<Iterator['publishMessage']>[0]>().toEqualTypeOf<{ message: string }>()
})

test('a contract is implemented by a durable event iterator', () => {
  const api = implement(contract)
  api.onMessage.handler(() => new DurableEventIterator<ChatRoom>('room', { signingKey: 'k' }).rpc('publishMessage'))
  // @ts-expect-error the method is not allowed.
  api.onMessage.handler(() => new DurableEventIterator<ChatRoom>('room', { signingKey: 'k' }))
})

test('what the client gets of a router', () => {
  const router = {
    open: base.handler(() =>
      new DurableEventIterator<Room>('room', { signingKey: 'k', att: { userId: 'a' } }).rpc('publishMessage', 'router'),
    ),
    plain: base.handler(() => new DurableEventIterator<Room>('room', { signingKey: 'k', att: { userId: 'a' } })),
  }
  type Client = RouterClient<typeof router>
  type Iterator = Awaited<ReturnType<Client['open']>>
  expectTypeOf<Awaited<ReturnType<Iterator['publishMessage']>>>().toEqualTypeOf<number>()
  expectTypeOf<Parameters<Iterator['publishMessage']>[0]>().toEqualTypeOf<{ text: string }>()
  expectTypeOf<Awaited<ReturnType<Iterator['router']['deep']['ping']>>>().toEqualTypeOf<number>()
  type Plain = Awaited<ReturnType<Client['plain']>>
  expectTypeOf<Plain>().not.toHaveProperty('publishMessage')
  expectTypeOf<Plain>().toExtend<EventIterator<{ text: string }>>()
})

test('the methods that clients can be allowed to call', () => {
  expectTypeOf<RPCMethod<Room>>().toEqualTypeOf<'publishMessage' | 'router'>()
  expectTypeOf<RPCMethod<ChatRoom>>().toEqualTypeOf<'publishMessage'>()
  const iterator = new DurableEventIterator<Room>('room', { signingKey: 'k', att: { userId: 'a' } })
  // @ts-expect-error it gives no client.
  iterator.rpc('say')
  // @ts-expect-error the runtime's own.
  iterator.rpc('fetch')
})

test('the attachment is needed where the object says so', () => {
  // @ts-expect-error there is none.
  new DurableEventIterator<Room>('room', { signingKey: 'k' })
  // @ts-expect-error it is another.
  new DurableEventIterator<Room>('room', { signingKey: 'k', att: { user: 'a' } })
  new DurableEventIterator<ChatRoom>('room', { signingKey: 'k' })
})
