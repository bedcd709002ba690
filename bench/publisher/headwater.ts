import type { EventLog } from '../../src/publisher/event-log.ts'
import { Publisher } from '../../src/publisher/publisher.ts'
import type { BenchEvent, Contender } from './contender.ts'

type Events = Record<`room:${string}`, BenchEvent>

/** A publisher on one log, and the listeners on another: as in two processes, when they are not the same. */
export function headwater(log: EventLog<never>, listenerLog: EventLog<never> = log): Contender {
  const publisher = new Publisher<Events, never>(log)
  const listened = log === listenerLog ? publisher : new Publisher<Events, never>(listenerLog)
  return {
    publish: (channel, event) => publisher.publish(channel as `room:${string}`, event),
    subscribe: async (channel, onEvent) => {
      listened.subscribe(channel as `room:${string}`, onEvent)
      // Its start is fixed by the call. Whoever comes later is ready later.
      const later = listened.subscribe(channel as `room:${string}`)
      await later.ready
      await later.return()
    },
  }
}

/** The same with iterators, as handlers return them. */
export function headwaterIterators(log: EventLog<never>): Contender {
  const publisher = new Publisher<Events, never>(log)
  return {
    publish: (channel, event) => publisher.publish(channel as `room:${string}`, event),
    subscribe: async (channel, onEvent) => {
      const subscription = publisher.subscribe(channel as `room:${string}`)
      await subscription.ready
      void pump(subscription, onEvent)
    },
  }
}

/** Hands on what an iterator gives. */
export async function pump(events: AsyncIterable<BenchEvent>, onEvent: (event: BenchEvent) => void): Promise<void> {
  for await (const event of events) onEvent(event)
}
