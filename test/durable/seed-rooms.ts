import type { ProcedureClient } from 'headwater/client'
import { DurableEventIteratorObject } from 'headwater/durable/durable-object'
import { os } from 'headwater/server'
import { z } from 'zod'

// The objects of the seed "Durable Event Iterator Integration". Changed: the import specifiers; the second `ChatRoom` has
// another name; methods have return types, which this repository's compiler options ask for.

type DurableObjectState = any
type Env = any

const base = os

export class ChatRoom extends DurableEventIteratorObject<{ message: string }> {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env, {
      eventRetentionSeconds: 300, // Optional: Set the event retention duration (default is 5 minutes)
      customJsonSerializers: [
        // Custom JSON serializers
      ],
    })
  }

  publishMessage(message: string): void {
    this.dei.websocketManager.publishEvent(this.ctx.getWebSockets(), { message })
  }
}

export class InteractiveChatRoom extends DurableEventIteratorObject<
  { message: string }, // Event type
  { userId: string }, // (Optional) Token Attachment
  { something: string }
> {
  publishMessage(currentWs: WebSocket): ProcedureClient<{ message: string }, void, never> {
    return base
      .input(z.object({ message: z.string() }))
      .handler(({ input, context }) => {
        // Get attachments
        const wsAttachment = this.dei.websocketManager.deserializeAttachment(currentWs)
        const { userId } = wsAttachment['dei:token:payload'].att
        const something = wsAttachment.something
        void [context, userId, something]

        // Set attachments
        this.dei.websocketManager.serializeAttachment(currentWs, {
          something: 'new value',
        })

        // Publish event to all other connected clients
        this.dei.websocketManager.publishEvent(
          this.ctx.getWebSockets().filter((ws) => ws !== currentWs),
          input,
        )
      })
      .callable()
  }

  /**
   * Nested Client
   */
  router(_ws: WebSocket): {
    ping: ProcedureClient<void, string, never>
    echo: ProcedureClient<{ text: string }, string, never>
  } {
    return {
      ping: base.handler(() => 'pong').callable(),
      echo: base
        .input(z.object({ text: z.string() }))
        .handler(({ input }) => `Echo: ${input.text}`)
        .callable(),
    }
  }
}
