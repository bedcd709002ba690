import { MemoryPublisher } from '@orpc/experimental-publisher/memory'
import { eventIterator, os } from '@orpc/server'
import { z } from 'zod'
import type { BenchEvent } from '../tools/bench-event.ts'

export const publisher: MemoryPublisher<Record<string, BenchEvent>> = new MemoryPublisher({
  resumeRetentionSeconds: 60,
})

const channel = os.input(z.string())
const event = z.object({ id: z.number(), author: z.string(), text: z.string(), tags: z.array(z.string()) })

/** The same streams as `streamRouter`'s. */
export const router = {
  pass: channel.handler(({ input, signal, lastEventId }) => publisher.subscribe(input, { signal, lastEventId })),
  map: channel.handler(async function* ({ input, signal, lastEventId }) {
    for await (const { id, author, text } of publisher.subscribe(input, { signal, lastEventId })) {
      yield { id, author, text, isOwn: author === 'bob' }
    }
  }),
  schema: channel
    .output(eventIterator(event))
    .handler(({ input, signal, lastEventId }) => publisher.subscribe(input, { signal, lastEventId })),
}
