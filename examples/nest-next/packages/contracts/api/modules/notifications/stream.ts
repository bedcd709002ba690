import { eventIterator, oc } from 'headwater/contract'
import { z } from 'zod/v4'

export const notificationTypeSchema = z.enum(['info', 'warning', 'error', 'success'])

export const notificationEventSchema = z.object({
  id: z.string(),
  type: notificationTypeSchema,
  message: z.string(),
  timestamp: z.string().datetime(),
})

export type NotificationEvent = z.infer<typeof notificationEventSchema>

export const notificationStreamContract = oc
  .route({
    method: 'GET',
    path: '/stream',
    summary: 'Stream notifications',
    description: 'Real-time notification stream using Server-Sent Events',
  })
  .input(z.object({ userId: z.string().optional(), types: z.array(notificationTypeSchema).optional() }))
  .output(eventIterator(notificationEventSchema))
