import { Publisher } from 'headwater/publisher'
import { MemoryLog } from 'headwater/publisher/memory'
import { eventIterator, os } from 'headwater/server'
import { z } from 'zod'

/** The count, and the last event that is in it. */
export interface Snapshot {
  readonly count: number
  readonly lastEventId: string
}

interface Counter {
  readonly publisher: Publisher<{ counter: { by: number } }>
  snapshot: Snapshot
}

async function createCounter(): Promise<Counter> {
  const publisher: Counter['publisher'] = new Publisher(new MemoryLog())
  const beginning = publisher.subscribe('counter')
  const lastEventId = await beginning.ready
  await beginning.return()
  return { publisher, snapshot: { count: 0, lastEventId } }
}

// Next may load a module once for pages and once for route handlers, and again when it changes: there is one of this.
const shared = globalThis as { counter?: Promise<Counter> }
shared.counter ??= createCounter()
const counter = await shared.counter

export const router = {
  counter: {
    read: os.handler(() => counter.snapshot),
    add: os.input(z.object({ by: z.number() })).handler(async ({ input }) => {
      const { id } = await counter.publisher.publish('counter', input)
      counter.snapshot = { count: counter.snapshot.count + input.by, lastEventId: id }
    }),
    changes: os
      .output(eventIterator(z.object({ by: z.number() })))
      .handler(({ signal, lastEventId }) => counter.publisher.subscribe('counter', { signal, lastEventId })),
  },
}
