import { oc } from 'headwater/contract'
import { notificationStreamContract } from './notification-stream.ts'

export const notificationContract = oc
  .tag('Notifications')
  .prefix('/notifications')
  .router({
    stream: notificationStreamContract,
  })

export * from './notification-stream.ts'
