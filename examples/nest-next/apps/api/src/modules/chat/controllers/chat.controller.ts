import { Controller, Inject, UseGuards } from '@nestjs/common'
import { chatContract } from '@repo/api-contracts'
import { Implement, implement } from 'headwater/nest'
import { RPCError } from 'headwater/server'
import { SessionGuard } from '../../../session.ts'
import { ChatService } from '../services/chat.service.ts'

@Controller()
@UseGuards(SessionGuard)
export class ChatController {
  constructor(@Inject(ChatService) private readonly chat: ChatService) {}

  /** The whole contract in one method. */
  @Implement(chatContract)
  router() {
    const api = implement(chatContract)
    return api.router({
      join: api.join.handler(({ input: { roomId } }) => ({ success: true, roomId })),

      // Nothing is kept of who is in a room, so there is nothing to undo.
      leave: api.leave.handler(() => ({ success: true })),

      sendMessage: api.sendMessage.handler(({ input, context }) => {
        const user = context.session?.user
        if (user === undefined)
          throw new RPCError('UNAUTHORIZED', { message: 'Say who you are: authorization: Bearer <name>' })
        return this.chat.sendMessage({ ...input, userId: user.id, username: user.name })
      }),

      stream: api.stream.handler(({ input, signal, lastEventId }) =>
        this.chat.createRoomIterator(input.roomId, { signal, lastEventId }),
      ),
    })
  }
}
