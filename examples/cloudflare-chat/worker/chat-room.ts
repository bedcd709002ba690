import { DurableEventIteratorObject } from 'headwater/durable/durable-object'
import { os } from 'headwater/server'
import { z } from 'zod'

export interface Message {
  readonly message: string
  /** Who says it; nobody for what the room says. */
  readonly from?: string
}

/** A room: it keeps what was said for five minutes, and publishes it to all who are in it. */
export class ChatRoom extends DurableEventIteratorObject<Message, { userId: string }, { typing?: boolean }> {
  /** For the rest of the worker. */
  publishMessage(message: string): void {
    void this.publishEvent({ message })
  }

  count(): number {
    return this.ctx.getWebSockets().length
  }

  /** For those in the room: under the name that their token says. */
  say(currentWs: WebSocket) {
    return os
      .input(z.object({ message: z.string().trim().min(1).max(500) }))
      .handler(async ({ input }) => {
        const { userId } = this.dei.websocketManager.deserializeAttachment(currentWs)['dei:token:payload'].att
        await this.publishEvent({ ...input, from: userId })
      })
      .callable()
  }
}
