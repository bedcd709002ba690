import { oc } from 'headwater/contract'
import { z } from 'zod/v4'
import { chatMessageSchema } from './message.ts'
import { chatStreamContract } from './stream.ts'

export const chatContract = oc
  .tag('Chat')
  .prefix('/chat')
  .router({
    join: oc
      .route({ method: 'POST', path: '/join', summary: 'Join a chat room' })
      .input(z.object({ roomId: z.string(), username: z.string() }))
      .output(z.object({ success: z.boolean(), roomId: z.string() })),

    sendMessage: oc
      .route({ method: 'POST', path: '/send', summary: 'Send a chat message' })
      .input(z.object({ roomId: z.string(), message: z.string() }))
      .output(chatMessageSchema),

    leave: oc
      .route({ method: 'POST', path: '/leave', summary: 'Leave a chat room' })
      .input(z.object({ roomId: z.string() }))
      .output(z.object({ success: z.boolean() })),

    stream: chatStreamContract,
  })

export type ChatContract = typeof chatContract
export * from './message.ts'
export * from './stream.ts'
