'use client'

import { useNotificationStream } from '@/hooks/useNotifications'
import { toast } from '@/lib/toast'

export function NotificationListener() {
  const { notifications, isConnected, error } = useNotificationStream({
    enabled: true,
    onNotification: (notification) => {
      // Show toast for each notification
      toast[notification.type](notification.message)
    },
  })

  return (
    <section>
      <p className={`status ${isConnected ? 'on' : 'off'}`}>{isConnected ? 'Connected' : 'Disconnected'}</p>
      {error && <p className="error">Error: {error.message}</p>}
      <h2>Recent Notifications</h2>
      <ul id="notifications" data-count={notifications.length}>
        {notifications.slice(-5).map(({ id, type, message }) => (
          <li key={id} className={type}>
            <strong>{type}:</strong> <span>{message}</span>
          </li>
        ))}
      </ul>
    </section>
  )
}
