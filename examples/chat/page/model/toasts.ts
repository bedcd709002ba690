import type { NotificationEvent } from '../../contract/index.ts'
import { client } from './client.ts'
import { EventStream } from './event-stream.ts'
import { Store } from './store.ts'

/** More would cover the page. */
const MAX_TOASTS = 4

/** The notifications on screen, the newest last. */
export const toasts = new Store<readonly NotificationEvent[]>([])

export const notificationStream = new EventStream<NotificationEvent>({
  open: (options) => client.notifications.stream({}, options),
  onEvent: (notification) => toasts.set([...toasts.state, notification].slice(-MAX_TOASTS)),
})

export function dismissToast(id: string): void {
  toasts.set(toasts.state.filter((toast) => toast.id !== id))
}
