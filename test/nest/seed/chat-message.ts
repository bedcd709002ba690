import { z } from 'zod/v4'

// Chat message schema
export const chatMessageSchema = z.object({
  id: z.string(),
  roomId: z.string(),
  userId: z.string(),
  username: z.string(),
  message: z.string(),
  timestamp: z.string().datetime(),
})
