import { EventPublisher } from 'headwater/server'
import type { z } from 'zod/v4'
import type { chatMessageSchema } from './chat-contract.ts'

type ChatMessage = z.infer<typeof chatMessageSchema>

/** The service that the seed's controller takes for granted. */
export class ChatService {
  readonly #messages: ChatMessage[] = []
  readonly #live = new EventPublisher<Record<string, ChatMessage>>()

  async *createRoomIterator(roomId: string, lastEventId?: string): AsyncGenerator<ChatMessage> {
    const live = this.#live.subscribe(roomId)
    const seen = this.#messages.findIndex(({ id }) => id === lastEventId)
    yield* this.#messages.slice(seen + 1).filter((message) => message.roomId === roomId)
    yield* live
  }

  async sendMessage(sent: { roomId: string; userId: string; message: string }): Promise<ChatMessage> {
    const id = String(this.#messages.length + 1)
    const message = { ...sent, id, username: sent.userId, timestamp: new Date().toISOString() }
    this.#messages.push(message)
    this.#live.publish(sent.roomId, message)
    return message
  }
}
