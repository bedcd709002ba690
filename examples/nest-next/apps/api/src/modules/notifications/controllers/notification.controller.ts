import { Controller, Inject } from '@nestjs/common'
import { notificationContract } from '@repo/api-contracts'
import { Implement, implement } from 'headwater/nest'
import { NotificationService } from '../services/notification.service.ts'

@Controller()
export class NotificationController {
  constructor(@Inject(NotificationService) private readonly notifications: NotificationService) {}

  // The service's events go out under the publisher's ids, which a client sends back as its `lastEventId`.
  @Implement(notificationContract.stream)
  stream() {
    return implement(notificationContract.stream).handler(({ input: { types }, signal, lastEventId }) =>
      this.notifications.createNotificationIterator({ types, signal, lastEventId }),
    )
  }

  @Implement(notificationContract.publish)
  publish() {
    return implement(notificationContract.publish).handler(({ input }) => this.notifications.publishNotification(input))
  }
}
