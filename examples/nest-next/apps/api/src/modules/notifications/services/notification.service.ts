import { randomUUID } from 'node:crypto'
import { Injectable } from '@nestjs/common'
import type { NotificationEvent } from '@repo/api-contracts'
import { InjectPublisher } from 'headwater/nest'
import type { Publisher } from 'headwater/publisher'
import { filterEvents } from 'headwater/server'
import type { Events } from '../../events/events.ts'

interface StreamOptions {
  readonly types: readonly NotificationEvent['type'][] | undefined
  readonly signal: AbortSignal
  readonly lastEventId: string | undefined
}

/** Keeps nothing itself: the publisher's log has the history, and who leaves leaves nothing behind. */
@Injectable()
export class NotificationService {
  constructor(@InjectPublisher() private readonly publisher: Publisher<Events>) {}

  /** What was missed, then what comes; without a `lastEventId` all that is kept comes first. */
  createNotificationIterator({ types = [], signal, lastEventId }: StreamOptions) {
    const notifications = this.publisher.subscribe('notifications', { signal, lastEventId, from: 'start' })
    return types.length === 0 ? notifications : filterEvents(notifications, ({ type }) => types.includes(type))
  }

  async publishNotification({
    type,
    message,
  }: Pick<NotificationEvent, 'type' | 'message'>): Promise<NotificationEvent> {
    const notification = { id: randomUUID(), type, message, timestamp: new Date().toISOString() }
    await this.publisher.publish('notifications', notification)
    return notification
  }
}
