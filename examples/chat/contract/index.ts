import { chatContract } from './chat.ts'
import { notificationContract } from './notifications.ts'

export type { ChatMessage } from './chat.ts'
export type { NotificationEvent, NotificationType } from './notifications.ts'

export const contract = { notifications: notificationContract, chat: chatContract }
