import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { toServerConnection } from './server-socket.ts'

test.each([
  ['without an extension', false],
  ['compressed', true],
])('what several sockets are sent arrives whole at each of them, however long: %s', async (_, perMessageDeflate) => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate })
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const open = async () => {
    const connected = once(server, 'connection')
    const client = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate })
    const received: string[] = []
    client.on('message', (data, isBinary) => received.push(isBinary ? 'bytes' : String(data)))
    const [socket] = (await connected) as [WebSocket]
    expect(socket.extensions).toBe(perMessageDeflate ? 'permessage-deflate' : '')
    return { received, client, connection: toServerConnection(socket) }
  }
  const peers = [await open(), await open(), await open()]

  // Around the limits of the three ways in which a frame tells its length, and with more bytes than characters.
  const texts = [0, 125, 126, 65_535, 65_536].map((length) => 'x'.repeat(length)).concat('ä€'.repeat(60))
  for (const text of texts) for (const { connection } of peers) connection.send(text)
  for (const { connection } of peers) connection.close(1000, '')
  await Promise.all(peers.map(({ client }) => once(client, 'close')))

  for (const { received } of peers) expect(received).toEqual(texts)
  await new Promise((resolve) => server.close(resolve))
})
