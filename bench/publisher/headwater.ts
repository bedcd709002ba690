import type { EventLog } from '../../src/publisher/event-log.ts'
import { Publisher } from '../../src/publisher/publisher.ts'
import type { BenchEvent, Contender } from './contender.ts'

type Events = Record<`room:${string}`, BenchEvent>

/** A publisher on one log, and the subscribers on another: as in two processes, when they are not the same. */
export function headwater(log: EventLog<never>, subscriberLog: EventLog<never> = log): Contender {
  const publisher = new Publisher<Events, never>(log)
  const subscribed = log === subscriberLog ? publisher : new Publisher<Events, never>(subscriberLog)
  return {
    publish: (channel, event) => publisher.publish(channel as `room:${string}`, event),
    subscribe: async (channel, onEvent) => {
      const subscription = subscribed.subscribe(channel as `room:${string}`)
      await subscription.ready
      void pump(subscription, onEvent)
    },
  }
}

/** Hands on what an iterator gives. */
export async function pump(events: AsyncIterable<BenchEvent>, onEvent: (event: BenchEvent) => void): Promise<void> {
  for await (const event of events) onEvent(event)
}
