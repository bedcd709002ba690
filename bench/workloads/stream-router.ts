import type { Publisher } from 'headwater/publisher'
import { eventIterator, os } from 'headwater/server'
import { z } from 'zod'
import type { BenchEvent } from '../tools/bench-event.ts'

const channel = os.input(z.string())
const event = z.object({ id: z.number(), author: z.string(), text: z.string(), tags: z.array(z.string()) })

/** Streams of a channel, in each of the ways in which handlers give them. */
export function streamRouter(publisher: Publisher<Record<string, BenchEvent>>) {
  return {
    /** The publisher's iterator, passed through. */
    pass: channel.handler(({ input, signal, lastEventId }) => publisher.subscribe(input, { signal, lastEventId })),
    /** A generator that makes other events. */
    map: channel.handler(async function* ({ input, signal, lastEventId }) {
      for await (const { id, author, text } of publisher.subscribe(input, { signal, lastEventId })) {
        yield { id, author, text, isOwn: author === 'bob' }
      }
    }),
    /** Every event checked against a schema. */
    schema: channel
      .output(eventIterator(event))
      .handler(({ input, signal, lastEventId }) => publisher.subscribe(input, { signal, lastEventId })),
  }
}
