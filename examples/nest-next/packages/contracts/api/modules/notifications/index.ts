import { oc } from 'headwater/contract'
import { z } from 'zod/v4'
import { notificationEventSchema, notificationStreamContract, notificationTypeSchema } from './stream.ts'

export const notificationContract = oc
  .tag('Notifications')
  .prefix('/notifications')
  .router({
    stream: notificationStreamContract,
    publish: oc
      .route({ method: 'POST', path: '/publish', summary: 'Publish a notification' })
      .input(z.object({ type: notificationTypeSchema, message: z.string().trim().min(1).max(500) }))
      .output(notificationEventSchema),
  })

export * from './stream.ts'
