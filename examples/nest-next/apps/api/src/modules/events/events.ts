import type { ChatMessage, NotificationEvent } from '@repo/api-contracts'

/** What is published where. */
export interface Events {
  readonly notifications: NotificationEvent
  readonly [room: `room:${string}`]: ChatMessage
}
