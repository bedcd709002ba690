import { randomUUID } from 'node:crypto'
import { Injectable } from '@nestjs/common'
import type { ChatMessage } from '@repo/api-contracts'
import { InjectPublisher } from 'headwater/nest'
import type { Publisher } from 'headwater/publisher'
import type { Events } from '../../events/events.ts'

interface StreamOptions {
  readonly signal: AbortSignal
  readonly lastEventId: string | undefined
}

@Injectable()
export class ChatService {
  constructor(@InjectPublisher() private readonly publisher: Publisher<Events>) {}

  createRoomIterator(roomId: string, options: StreamOptions) {
    return this.publisher.subscribe(`room:${roomId}`, { ...options, from: 'start' })
  }

  async sendMessage(sent: Omit<ChatMessage, 'id' | 'timestamp'>): Promise<ChatMessage> {
    const message = { ...sent, id: randomUUID(), timestamp: new Date().toISOString() }
    await this.publisher.publish(`room:${sent.roomId}`, message)
    return message
  }
}
