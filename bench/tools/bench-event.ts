/** Stands in every event once: that is how deliveries are counted. */
export const EVENT_MARK = 'mark-of-an-event'

/** An event as chats send them. */
export interface BenchEvent {
  readonly id: number
  readonly author: string
  readonly text: string
  readonly tags: string[]
}

export function benchEvent(id: number): BenchEvent {
  return { id, author: 'alice', text: `${EVENT_MARK}: ${'words '.repeat(20)}`, tags: ['news', 'sport'] }
}
