import { eventIterator, oc } from 'headwater/contract'
import { z } from 'zod/v4'

export const notificationTypeSchema = z.enum(['info', 'warning', 'error', 'success'])

export const notificationEventSchema = z.object({
  id: z.string(),
  type: notificationTypeSchema,
  message: z.string(),
  timestamp: z.string().datetime(),
})

export type NotificationType = z.infer<typeof notificationTypeSchema>
export type NotificationEvent = z.infer<typeof notificationEventSchema>

export const notificationContract = oc
  .tag('Notifications')
  .prefix('/notifications')
  .router({
    stream: oc
      .route({
        method: 'GET',
        path: '/stream',
        summary: 'Stream notifications',
        description: 'Notifications as they are published. They are addressed to everyone, so userId changes nothing.',
      })
      .input(z.object({ userId: z.string().optional(), types: z.array(notificationTypeSchema).optional() }))
      .output(eventIterator(notificationEventSchema)),

    publish: oc
      .route({ method: 'POST', path: '/publish', summary: 'Publish a notification' })
      .input(z.object({ type: notificationTypeSchema, message: z.string().trim().min(1).max(500) }))
      .output(notificationEventSchema),
  })
