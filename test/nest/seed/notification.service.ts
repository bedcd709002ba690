import { Injectable } from '@nestjs/common'
import { EventEmitter } from 'events'

interface Notification {
  id: string
  type: 'info' | 'warning' | 'error' | 'success'
  message: string
  timestamp: string
}

@Injectable()
export class NotificationService {
  private eventEmitter = new EventEmitter()
  private notifications: Notification[] = []

  getEventEmitter() {
    return this.eventEmitter
  }

  async *createNotificationIterator(
    userId?: string,
    types?: string[],
    startFrom: number = 0
  ): AsyncGenerator<Notification> {
    // Emit any missed events since startFrom
    const missedEvents = this.notifications.slice(startFrom)
    for (const event of missedEvents) {
      if (this.shouldIncludeNotification(event, userId, types)) {
        yield event
      }
    }

    // Create queue for new events
    const queue: Notification[] = []
    let resolve: (() => void) | null = null

    const listener = (notification: Notification) => {
      if (this.shouldIncludeNotification(notification, userId, types)) {
        queue.push(notification)
        if (resolve) {
          resolve()
          resolve = null
        }
      }
    }

    this.eventEmitter.on('notification', listener)

    try {
      while (true) {
        if (queue.length > 0) {
          yield queue.shift()!
        } else {
          // Wait for next notification
          await new Promise<void>((res) => {
            resolve = res
          })
        }
      }
    } finally {
      this.eventEmitter.off('notification', listener)
    }
  }

  private shouldIncludeNotification(
    notification: Notification,
    userId?: string,
    types?: string[]
  ): boolean {
    if (types && types.length > 0 && !types.includes(notification.type)) {
      return false
    }
    // Add user filtering logic if needed
    return true
  }

  // Method to publish notifications
  publishNotification(notification: Notification) {
    this.notifications.push(notification)
    this.eventEmitter.emit('notification', notification)
  }
}
