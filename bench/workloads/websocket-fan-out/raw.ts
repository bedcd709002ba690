import { createServer } from 'node:http'
import { type WebSocket, WebSocketServer } from 'ws'
import { upgradeRequest } from '../../tools/client-bytes.ts'
import { serveFanOut } from '../../tools/fan-out-server.ts'

const channels = new Map<string, Set<WebSocket>>()

const server = createServer()
new WebSocketServer({ server }).on('connection', (socket, request) => {
  const channel = request.url?.slice(1) ?? ''
  const subscribers = channels.get(channel) ?? new Set()
  channels.set(channel, subscribers.add(socket))
  socket.on('close', () => subscribers.delete(socket))
})

serveFanOut({
  server,
  opening: (channel) => [[upgradeRequest(`/${channel}`), '101']],
  publish(channel, event) {
    const text = JSON.stringify(event)
    for (const subscriber of channels.get(channel) ?? []) subscriber.send(text)
  },
})
