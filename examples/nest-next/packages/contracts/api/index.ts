import { chatContract } from './modules/chat/index.ts'
import { notificationContract } from './modules/notifications/index.ts'

/** All that the API can be asked for. */
export const contract = { notifications: notificationContract, chat: chatContract }

export * from './modules/chat/index.ts'
export * from './modules/notifications/index.ts'
