import { expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { createClient } from '../../client/create-client.ts'
import { RPCLink } from './rpc-link.ts'

async function listen(): Promise<{ readonly server: WebSocketServer; readonly url: string }> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  await new Promise((resolve) => server.once('listening', resolve))
  return { server, url: `ws://127.0.0.1:${(server.address() as { port: number }).port}` }
}

/** Answers every request frame with its own id. */
function answer(socket: WebSocket): void {
  socket.on('message', (data) => {
    const { i } = JSON.parse(String(data))
    socket.send(`{"i":"${i}","p":{"b":{"json":"answer"}}}`)
  })
}

test('what a server says together with the opening is heard', async () => {
  const { server, url } = await listen()
  const heard: string[] = []
  // One write with the end of the handshake: that is what a busy network makes of two.
  server.on('headers', (_, request) => request.socket.cork())
  server.on('connection', (socket, request) => {
    answer(socket)
    socket.on('message', (data) => heard.push(String(data)))
    socket.send('{"t":6}')
    request.socket.uncork()
  })
  const link = new RPCLink({ connect: () => new WebSocket(url) as never })
  const client = createClient<any>(link)
  expect(await client.any()).toBe('answer')
  await expect.poll(() => heard).toContain('{"t":7}')
  link.close()
  server.close()
})

test('a call whose connection is cut while its headers are asked for goes over the next one', async () => {
  const { server, url } = await listen()
  let connections = 0
  server.on('connection', (socket) => {
    connections++
    answer(socket)
  })
  let first = true
  const link = new RPCLink({
    connect: () => new WebSocket(url) as never,
    backoff: { initialDelay: 1 },
    headers: async () => {
      if (first) {
        first = false
        const [socket] = server.clients
        const closed = new Promise((resolve) => socket?.once('close', resolve))
        socket?.terminate()
        await closed
        await expect.poll(() => link.connection.state.status).not.toBe('open')
      }
      return {}
    },
  })
  expect(await createClient<any>(link).any()).toBe('answer')
  expect(connections).toBe(2)
  link.close()
  server.close()
})
