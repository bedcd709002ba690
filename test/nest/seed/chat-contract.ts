import { oc } from 'headwater/contract'
import { z } from 'zod/v4'
import { chatMessageSchema } from './chat-message.ts'
import { chatStreamContract } from './chat-stream.ts'

// WebSocket procedures for chat
export const chatContract = oc.tag('Chat').prefix('/chat').router({
  // Join a chat room
  join: oc
    .route({
      method: 'POST',
      path: '/join',
      summary: 'Join a chat room',
    })
    .input(
      z.object({
        roomId: z.string(),
        username: z.string(),
      })
    )
    .output(
      z.object({
        success: z.boolean(),
        roomId: z.string(),
      })
    ),

  // Send a message
  sendMessage: oc
    .route({
      method: 'POST',
      path: '/send',
      summary: 'Send a chat message',
    })
    .input(
      z.object({
        roomId: z.string(),
        message: z.string(),
      })
    )
    .output(chatMessageSchema),

  // Leave a room
  leave: oc
    .route({
      method: 'POST',
      path: '/leave',
      summary: 'Leave a chat room',
    })
    .input(
      z.object({
        roomId: z.string(),
      })
    )
    .output(
      z.object({
        success: z.boolean(),
      })
    ),

  stream: chatStreamContract,
})

export type ChatContract = typeof chatContract
export * from './chat-message.ts'
export * from './chat-stream.ts'
