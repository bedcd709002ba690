'use client'

import type { NotificationEvent } from '@repo/api-contracts'
import { useEventIterator } from 'headwater/react'
import { client } from '@/lib/orpc'

interface UseNotificationStreamOptions {
  userId?: string
  types?: NotificationEvent['type'][]
  onNotification?: (notification: NotificationEvent) => void
  enabled?: boolean
}

export function useNotificationStream(options: UseNotificationStreamOptions = {}) {
  const { userId, types, onNotification, enabled } = options
  const { events, status, error, clear } = useEventIterator(client.notifications.stream, {
    input: { userId, types },
    enabled,
    // One connection, however many tabs are open.
    tabs: true,
    onEvent: onNotification,
    // The server has lost its history, or this page was away for too long: go on with what there is.
    onReset: () => {},
  })
  return { notifications: events, isConnected: status === 'open', error, clearNotifications: clear }
}
