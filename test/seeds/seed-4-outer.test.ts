import { Outer } from 'headwater/app'
import { createClient, getEventMeta } from 'headwater/client'
import { RPCLink } from 'headwater/client/fetch'
import { EventPublisher, eventIterator, type RouterClient, withEventMeta } from 'headwater/server'
import { afterEach, expect, test } from 'vitest'
import { z } from 'zod'
import { type Gate, gate } from '../tools/gate.ts'

// The blocks of "Realtime" in one Outer. Changed: the import specifiers and the format. Added, as the blocks leave it
// out: a `context.db`, `waitForNotification`, the `publisher` of "Resume support", whose handler also takes `signal`,
// and the replay that its comment stands for.

interface Row {
  readonly id: number
  readonly title: string
}

class Database {
  readonly rows: Row[] = []
  notifications: Gate<{ readonly text: string }> = gate()

  /** As much of a query builder as the seed asks for. */
  insertInto(_table: 'post') {
    return {
      values: (values: { readonly title: string }) => ({
        returningAll: () => ({
          executeTakeFirstOrThrow: async (): Promise<Row> => {
            const row = { id: this.rows.length + 1, ...values }
            this.rows.push(row)
            return row
          },
        }),
      }),
    }
  }
}

const db = new Database()
const waitForNotification = (db: Database): Promise<{ readonly text: string }> => db.notifications.opened

const postEvents = new EventPublisher<{ created: { id: number; title: string } }>()
const publisher = new EventPublisher<{ updated: { id: string } }>()

const server = new Outer({ context: { db } })
  .procedure('notifications.stream', (base) =>
    base.output(eventIterator(z.object({ message: z.string() }))).handler(async function* ({ context, signal }) {
      while (!signal?.aborted) {
        const notification = await waitForNotification(context.db)
        yield { message: notification.text }
        context.db.notifications = gate()
      }
    }),
  )
  .procedure('post.create', (base) =>
    base.input(z.object({ title: z.string() })).handler(async ({ context, input }) => {
      const row = await context.db.insertInto('post').values(input).returningAll().executeTakeFirstOrThrow()
      postEvents.publish('created', row)
      return row
    }),
  )
  .procedure('post.live', (base) =>
    base.output(eventIterator(z.object({ id: z.number(), title: z.string() }))).handler(async function* ({ signal }) {
      for await (const payload of postEvents.subscribe('created', { signal })) {
        yield withEventMeta(payload, { id: String(payload.id) })
      }
    }),
  )
  .procedure('post.updated', (base) =>
    base.handler(async function* ({ lastEventId, signal }) {
      // fetch missed events from DB if lastEventId is set
      if (lastEventId) {
        yield withEventMeta({ id: `after ${lastEventId}` }, { id: `after ${lastEventId}` })
      }
      for await (const event of publisher.subscribe('updated', { signal })) {
        yield withEventMeta(event, { id: event.id })
      }
    }),
  )
  .build()

const running = await server.listen(0)
const client: RouterClient<typeof server.router> = createClient(new RPCLink({ url: `${running.url}/rpc` }))

afterEach(() => running.close())

test('the server of the seed streams notifications and posts, and its streams resume', async () => {
  const notifications = await client.notifications.stream()
  db.notifications.open({ text: 'one' })
  expect((await notifications.next()).value).toEqual({ message: 'one' })
  await notifications.return()

  const live = await client.post.live()
  await expect.poll(() => postEvents.subscriberCount('created')).toBe(1)
  expect(await client.post.create({ title: 'Hello' })).toEqual({ id: 1, title: 'Hello' })
  const { value } = await live.next()
  expect([value, getEventMeta(value)]).toEqual([{ id: 1, title: 'Hello' }, { id: '1' }])
  await live.return()

  const updated = await client.post.updated(undefined, { lastEventId: '7' })
  expect((await updated.next()).value).toEqual({ id: 'after 7' })
  await updated.return()
  await expect.poll(() => postEvents.subscriberCount() + publisher.subscriberCount()).toBe(0)
})
