import { Controller } from '@nestjs/common'
import { Implement, implement } from 'headwater/nest'
import { notificationContract } from './notification-contract.ts'
import { NotificationService } from './notification.service.ts'
import { withEventMeta } from 'headwater/server'

@Controller()
export class NotificationController {
  constructor(private readonly notificationService: NotificationService) {}

  @Implement(notificationContract.stream)
  stream() {
    return implement(notificationContract.stream).handler(
      async function* ({ input, signal, lastEventId }) {
        // If lastEventId is provided, resume from that point
        const startFrom = lastEventId ? parseInt(lastEventId) : 0

        try {
          // Subscribe to notification service
          const eventEmitter = this.notificationService.getEventEmitter()
          
          // Create async iterator from event emitter
          const iterator = this.notificationService.createNotificationIterator(
            input.userId,
            input.types,
            startFrom
          )

          let eventId = startFrom

          // Stream notifications
          for await (const notification of iterator) {
            // Check if client disconnected
            if (signal?.aborted) {
              break
            }

            eventId++

            // Yield notification with event metadata
            yield withEventMeta(notification, {
              id: eventId.toString(),
              retry: 5000, // Client should retry after 5 seconds
            })
          }
        } finally {
          // Cleanup: unsubscribe from event emitter
          console.log('Client disconnected, cleaning up notification stream')
        }
      }.bind(this)
    )
  }
}
