import { eventIterator, oc } from 'headwater/contract'
import { z } from 'zod/v4'
import { chatMessageSchema } from './message.ts'

export const chatStreamContract = oc
  .route({ method: 'GET', path: '/stream', summary: 'Stream chat messages' })
  .input(z.object({ roomId: z.string() }))
  .output(eventIterator(chatMessageSchema))
