import { randomUUID } from 'node:crypto'
import type { Publisher } from 'headwater/publisher'
import { implement } from 'headwater/server'
import { type ChatMessage, contract, type NotificationEvent } from '../contract/index.ts'

/** What is published where. */
export interface ChatEvents {
  readonly notifications: NotificationEvent
  readonly [room: `room:${string}`]: ChatMessage
}

/** Who calls. There is no login: users are whoever they say they are. */
export interface ChatContext {
  readonly userId: string
}

/** The contract fulfilled over a publisher: everything that happens is an event in one of its channels. */
export function createRouter(publisher: Publisher<ChatEvents>) {
  const { notifications, chat, router } = implement(contract).$context<ChatContext>()

  const notify = async (type: NotificationEvent['type'], message: string): Promise<NotificationEvent> => {
    const event = { id: randomUUID(), type, message, timestamp: new Date().toISOString() }
    await publisher.publish('notifications', event)
    return event
  }

  return router({
    notifications: {
      stream: notifications.stream.handler(({ input: { types }, signal, lastEventId }) => {
        const events = publisher.subscribe('notifications', { signal, lastEventId })
        return types === undefined ? events : ofTypes(types, events)
      }),
      publish: notifications.publish.handler(({ input }) => notify(input.type, input.message)),
    },
    chat: {
      join: chat.join.handler(async ({ input: { roomId, username } }) => {
        await notify('info', `${username} joined ${roomId}`)
        return { success: true, roomId }
      }),
      sendMessage: chat.sendMessage.handler(async ({ input, context: { userId } }) => {
        const message = { ...input, id: randomUUID(), userId, timestamp: new Date().toISOString() }
        await publisher.publish(`room:${input.roomId}`, message)
        return message
      }),
      // Nothing is kept of who is in a room, so there is nothing to undo.
      leave: chat.leave.handler(() => ({ success: true })),
      stream: chat.stream.handler(({ input: { roomId }, signal, lastEventId }) =>
        publisher.subscribe(`room:${roomId}`, { signal, lastEventId, from: 'start' }),
      ),
    },
  })
}

/** The events of these types; each is handed on as it came and so keeps its id. */
async function* ofTypes(
  types: readonly NotificationEvent['type'][],
  events: AsyncIterable<NotificationEvent>,
): AsyncGenerator<NotificationEvent, void> {
  for await (const event of events) if (types.includes(event.type)) yield event
}
