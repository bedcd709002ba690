import { oc, type as ocType, eventIterator } from 'headwater/contract'
import { z } from 'zod/v4'

// Define the event shape
export const notificationEventSchema = z.object({
  id: z.string(),
  type: z.enum(['info', 'warning', 'error', 'success']),
  message: z.string(),
  timestamp: z.string().datetime(),
})

// Define the contract with event iterator output
export const notificationStreamContract = oc
  .route({
    method: 'GET',
    path: '/stream',
    summary: 'Stream notifications',
    description: 'Real-time notification stream using Server-Sent Events',
  })
  .input(
    z.object({
      userId: z.string().optional(),
      types: z.array(z.enum(['info', 'warning', 'error', 'success'])).optional(),
    })
  )
  .output(eventIterator(notificationEventSchema))
