import { EventEmitter, on } from 'node:events'
import { initTRPC, tracked } from '@trpc/server'
import { z } from 'zod'
import type { BenchEvent } from '../tools/bench-event.ts'

/** What its documentation publishes with. */
export const emitter = new EventEmitter().setMaxListeners(0)

const t = initTRPC.create()
const event = z.object({ id: z.number(), author: z.string(), text: z.string(), tags: z.array(z.string()) })
const channel = t.procedure.input(z.string())

async function* subscribe(name: string, signal: AbortSignal | undefined): AsyncGenerator<BenchEvent> {
  for await (const [event] of on(emitter, name, { signal })) yield event
}

/** The same streams as `streamRouter`'s. */
export const router = t.router({
  pass: channel.subscription(async function* ({ input, signal }) {
    for await (const event of subscribe(input, signal)) yield tracked(String(event.id), event)
  }),
  map: channel.subscription(async function* ({ input, signal }) {
    for await (const { id, author, text } of subscribe(input, signal)) {
      yield tracked(String(id), { id, author, text, isOwn: author === 'bob' })
    }
  }),
  schema: channel.subscription(async function* ({ input, signal }) {
    for await (const value of subscribe(input, signal)) yield tracked(String(value.id), event.parse(value))
  }),
})
