import { eventIterator, oc } from 'headwater/contract'
import { z } from 'zod/v4'

export const chatMessageSchema = z.object({
  id: z.string(),
  roomId: z.string(),
  userId: z.string(),
  username: z.string(),
  message: z.string(),
  timestamp: z.string().datetime(),
})

export type ChatMessage = z.infer<typeof chatMessageSchema>

const roomIdSchema = z.string().trim().min(1).max(100)
const usernameSchema = z.string().trim().min(1).max(50)

export const chatContract = oc
  .tag('Chat')
  .prefix('/chat')
  .router({
    join: oc
      .route({ method: 'POST', path: '/join', summary: 'Join a chat room' })
      .input(z.object({ roomId: roomIdSchema, username: usernameSchema }))
      .output(z.object({ success: z.boolean(), roomId: z.string() })),

    sendMessage: oc
      .route({ method: 'POST', path: '/send', summary: 'Send a chat message' })
      .input(
        z.object({
          roomId: roomIdSchema,
          message: z.string().min(1).max(4000),
          username: usernameSchema.optional().default('guest'),
        }),
      )
      .output(chatMessageSchema),

    leave: oc
      .route({ method: 'POST', path: '/leave', summary: 'Leave a chat room' })
      .input(z.object({ roomId: roomIdSchema }))
      .output(z.object({ success: z.boolean() })),

    stream: oc
      .route({ method: 'GET', path: '/stream', summary: 'Stream chat messages' })
      .input(z.object({ roomId: roomIdSchema }))
      .output(eventIterator(chatMessageSchema)),
  })
