import type { AddressInfo } from 'node:net'
import { createClient } from 'headwater/client'
import { RPCLink } from 'headwater/client/websocket'
import { EventPublisher, eventIterator, os, type RouterClient } from 'headwater/server'
import { RPCHandler } from 'headwater/server/websocket'
import { afterEach, expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { z } from 'zod'

// The code blocks of the seed "WebSocket adapters" that run on Node. Changed: the import specifiers, the port, and the
// context that the streaming procedure needs but does not declare. Its blocks for Bun and for Durable Objects run in
// test/runtime.

const servers: WebSocketServer[] = []
const links: RPCLink[] = []

afterEach(async () => {
  for (const link of links.splice(0)) link.close()
  for (const server of servers.splice(0)) {
    for (const ws of server.clients) ws.terminate()
    await new Promise((resolve) => server.close(resolve))
  }
})

function connect<Client>(wss: WebSocketServer): Client {
  servers.push(wss)
  const { port } = wss.address() as AddressInfo
  const link = new RPCLink({ connect: () => new WebSocket(`ws://127.0.0.1:${port}`, 'headwater.1') })
  links.push(link)
  return createClient(link) as Client
}

test('a WebSocketServer of ws serves a router', async () => {
  const router = { ping: os.handler(() => 'pong') }

  const wss = new WebSocketServer({ port: 0 })
  const handler = new RPCHandler(router)

  wss.on('connection', (ws) => {
    handler.upgrade(ws, {
      context: {}, // initial context
    })
  })

  const client = connect<RouterClient<typeof router>>(wss)
  expect(await client.ping()).toBe('pong')
})

test('a streaming procedure works the same way over a WebSocket', async () => {
  const room = { publisher: new EventPublisher<{ message: { text: string } }>() }

  const subscribe = os
    .$context<{ room: typeof room }>()
    .output(eventIterator(z.object({ text: z.string() })))
    .handler(async function* ({ context, signal }) {
      yield* context.room.publisher.subscribe('message', { signal })
    })

  const wss = new WebSocketServer({ port: 0 })
  const handler = new RPCHandler({ subscribe })
  wss.on('connection', (ws) => handler.upgrade(ws, { context: { room } }))

  const client = connect<RouterClient<{ subscribe: typeof subscribe }>>(wss)
  const stream = await client.subscribe()
  const next = stream.next()
  await expect.poll(() => room.publisher.subscriberCount('message')).toBe(1)
  room.publisher.publish('message', { text: 'Hello' })
  expect(await next).toEqual({ done: false, value: { text: 'Hello' } })
  await stream.return()
  await expect.poll(() => room.publisher.subscriberCount('message')).toBe(0)
})
