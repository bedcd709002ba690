import { Controller } from '@nestjs/common'
import { Implement, implement } from 'headwater/nest'
import { chatContract } from './chat-contract.ts'
import { ChatService } from './chat.service.ts'
import { withEventMeta } from 'headwater/server'

@Controller()
export class ChatController {
  constructor(private readonly chatService: ChatService) {}

  @Implement(chatContract.stream)
  stream() {
    return implement(chatContract.stream).handler(
      async function* ({ input, signal, lastEventId }) {
        const { roomId } = input

        try {
          const iterator = this.chatService.createRoomIterator(roomId, lastEventId)

          for await (const message of iterator) {
            if (signal?.aborted) break

            yield withEventMeta(message, {
              id: message.id,
              retry: 3000,
            })
          }
        } finally {
          console.log(`Client disconnected from room ${roomId}`)
        }
      }.bind(this)
    )
  }

  @Implement(chatContract.sendMessage)
  sendMessage() {
    return implement(chatContract.sendMessage).handler(async ({ input, context }) => {
      const userId = context.session?.user?.id
      if (!userId) {
        throw new Error('Unauthorized')
      }

      return await this.chatService.sendMessage({
        roomId: input.roomId,
        userId,
        message: input.message,
      })
    })
  }
}
