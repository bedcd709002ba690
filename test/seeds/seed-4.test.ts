import { createClient, getEventMeta } from 'headwater/client'
import { RPCLink } from 'headwater/client/fetch'
import { EventPublisher, eventIterator, os, type RouterClient, withEventMeta } from 'headwater/server'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { type Gate, gate } from '../tools/gate.ts'
import { serveNode, type TestServer } from '../tools/serve.ts'

// The blocks of "Realtime" with `os` in the place of Outer's `base`, and the parts that they leave out: a `context.db`
// with the two things that they ask of it, `waitForNotification` and the `publisher` of "Resume support".

interface Row {
  readonly id: number
  readonly title: string
}

interface Database {
  readonly rows: Row[]
  notifications: Gate<{ readonly text: string }>
}

const base = os.$context<{ db: Database }>()
const waitForNotification = (db: Database): Promise<{ readonly text: string }> => db.notifications.opened

const postEvents = new EventPublisher<{ created: { id: number; title: string } }>()
const publisher = new EventPublisher<{ updated: { id: string } }>()

const router = {
  notifications: {
    stream: base.output(eventIterator(z.object({ message: z.string() }))).handler(async function* ({
      context,
      signal,
    }) {
      while (!signal?.aborted) {
        const notification = await waitForNotification(context.db)
        yield { message: notification.text }
        context.db.notifications = gate()
      }
    }),
  },
  post: {
    create: base.input(z.object({ title: z.string() })).handler(async ({ context, input }) => {
      const row = { id: context.db.rows.length + 1, ...input }
      context.db.rows.push(row)
      postEvents.publish('created', row)
      return row
    }),
    live: base.output(eventIterator(z.object({ id: z.number(), title: z.string() }))).handler(async function* ({
      signal,
    }) {
      for await (const payload of postEvents.subscribe('created', { signal })) {
        yield withEventMeta(payload, { id: String(payload.id) })
      }
    }),
    updated: base.handler(async function* ({ lastEventId, signal }) {
      if (lastEventId) {
        yield withEventMeta({ id: `after ${lastEventId}` }, { id: `after ${lastEventId}` })
      }
      for await (const event of publisher.subscribe('updated', { signal })) {
        yield withEventMeta(event, { id: event.id })
      }
    }),
  },
}

let server: TestServer
let db: Database
let client: RouterClient<typeof router>

beforeEach(async () => {
  db = { rows: [], notifications: gate() }
  server = await serveNode(router, { context: { db } })
  client = createClient(new RPCLink({ url: server.url, backoff: { initialDelay: 1, maxDelay: 1 } }))
})

afterEach(() => server.close())

async function subscribed(events: EventPublisher): Promise<void> {
  await expect.poll(() => events.subscriberCount()).toBe(1)
}

test('a basic event stream yields what the handler waits for', async () => {
  const stream = await client.notifications.stream()
  db.notifications.open({ text: 'one' })
  expect((await stream.next()).value).toEqual({ message: 'one' })
  await expect.poll(() => db.notifications.open({ text: 'two' })).toBeUndefined()
  expect((await stream.next()).value).toEqual({ message: 'two' })
  await stream.return()
})

test('what one caller creates reaches every live stream, with its id, and leaving lets go of the publisher', async () => {
  const streams = await Promise.all([client.post.live(), client.post.live()])
  await expect.poll(() => postEvents.subscriberCount('created')).toBe(2)
  expect(await client.post.create({ title: 'Hello' })).toEqual({ id: 1, title: 'Hello' })
  for (const stream of streams) {
    const { value } = await stream.next()
    expect([value, getEventMeta(value)]).toEqual([{ id: 1, title: 'Hello' }, { id: '1' }])
    await stream.return()
  }
  await expect.poll(() => postEvents.subscriberCount()).toBe(0)
})

test('a stream that is cut asks its handler to resume after the last id', async () => {
  const stream = await client.post.updated()
  await subscribed(publisher)
  publisher.publish('updated', { id: '7' })
  expect((await stream.next()).value).toEqual({ id: '7' })
  server.server.closeAllConnections()
  expect((await stream.next()).value).toEqual({ id: 'after 7' })
  await stream.return()
})
