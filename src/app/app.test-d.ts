import { expectTypeOf } from 'vitest'
import { z } from 'zod'
import { eventIterator } from '../contract/event-iterator.ts'
import type { EventIterator } from '../event/event-iterator.ts'
import type { RouterClient } from '../server/router.ts'
import { RPCHandler } from '../transport/node/rpc-handler.ts'
import { App, Outer } from './app.ts'

const post = z.object({ id: z.number(), title: z.string() })

const app = new App({ context: async (request) => ({ user: request.headers.get('x-user') }) })
  .procedure('post.create', (base) =>
    base.input(z.object({ title: z.string() })).handler(({ context, input }) => {
      expectTypeOf(context).toEqualTypeOf<{ user: string | null }>()
      return { id: 1, ...input }
    }),
  )
  .procedure('post.live', (base) =>
    base.output(eventIterator(post)).handler(async function* () {
      yield { id: 1, title: 'One' }
    }),
  )
  .procedure('post.comment.count', (base) => base.handler(() => 7))
  .procedure('ping', (base) => base.handler(() => 'pong'))
  .build()

declare const client: RouterClient<typeof app.router>
expectTypeOf(client.post.create({ title: 'One' })).resolves.toEqualTypeOf<{ title: string; id: number }>()
expectTypeOf(client.post.live()).resolves.toEqualTypeOf<EventIterator<z.infer<typeof post>, unknown>>()
expectTypeOf(client.post.comment.count()).resolves.toEqualTypeOf<number>()
expectTypeOf(client.ping()).resolves.toEqualTypeOf<string>()
// @ts-expect-error there is no such procedure
void client.post.remove

new RPCHandler(app.router)

new App({ context: { db: 1 } }).procedure('x', (base) =>
  base.handler(({ context }) => expectTypeOf(context).toEqualTypeOf<{ db: number }>()),
)
new App().procedure('x', (base) => base.handler(() => 1)).build()

// @ts-expect-error the name is taken
new App().procedure('x', (base) => base.handler(() => 1)).procedure('x', (base) => base.handler(() => 2))

expectTypeOf(Outer).toEqualTypeOf(App)
