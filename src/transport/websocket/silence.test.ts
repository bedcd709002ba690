import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test, vi } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { createClient } from '../../client/create-client.ts'
import type { ClientSocket } from './dialer.ts'
import { RPCLink } from './rpc-link.ts'

let server: WebSocketServer | undefined

afterEach(() => {
  for (const socket of server?.clients ?? []) socket.terminate()
  server?.close()
})

/** Says hello, and answers pings as long as it is told to. A runtime that hides WebSocket pings is between. */
async function listen(answersPings: () => boolean): Promise<{ url: string; pings: () => number }> {
  let pings = 0
  server = new WebSocketServer({ port: 0, autoPong: false })
  server.on('connection', (socket) => {
    socket.send('{"t":5,"p":{"heartbeat":50}}')
    socket.on('message', (data) => {
      if (String(data) !== '{"t":6}') return
      pings++
      if (answersPings()) socket.send('{"t":7}')
    })
  })
  await once(server, 'listening')
  return { url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`, pings: () => pings }
}

test('a client asks a silent server for signs of life, and gives up when there are none', async () => {
  let answers = true
  const { url, pings } = await listen(() => answers)
  const link = new RPCLink({
    connect: () => new WebSocket(url, ['headwater.1']),
    heartbeat: 50,
    heartbeatTimeout: 300,
  })
  const pending = createClient<{ wait(): Promise<void> }>(link).wait()
  pending.catch(() => {})
  await vi.waitFor(() => expect(pings()).toBeGreaterThan(10), 5_000)
  expect(link.connection.state.status).toBe('open')
  answers = false
  await expect(pending).rejects.toMatchObject({ code: 'CONNECTION_LOST' })
  link.close()
})

test('a client connects again when a connection is closed in the moment in which it opens', async () => {
  const { url } = await listen(() => true)
  server?.on('connection', (socket) => {
    socket.on('message', () => socket.send('{"i":"1","p":{"b":{"json":"here"}}}'))
  })
  let connections = 0
  const connect = (): ClientSocket => {
    const socket = new WebSocket(url)
    connections++
    // Behind the link's own listeners, since one piece of the network may hold both.
    setImmediate(() => {
      if (connections < 3) socket.on('open', () => socket.emit('close', 4000, Buffer.from('Elsewhere')))
    })
    return socket
  }
  const link = new RPCLink({ connect, backoff: { initialDelay: 1 } })
  expect(await createClient<{ where(): Promise<string> }>(link).where()).toBe('here')
  expect(connections).toBe(3)
  link.close()
})
