import { createServer } from 'node:http'
import { Publisher } from 'headwater/publisher'
import { MemoryLog } from 'headwater/publisher/memory'
import { RPCHandler } from 'headwater/server/ws'
import { WebSocketServer } from 'ws'
import type { BenchEvent } from '../../tools/bench-event.ts'
import { textFrame, upgradeRequest } from '../../tools/client-bytes.ts'
import { serveFanOut } from '../../tools/fan-out-server.ts'
import { streamRouter } from '../stream-router.ts'

const publisher = new Publisher<Record<string, BenchEvent>>(new MemoryLog(), { retention: { events: 1000 } })
const handler = new RPCHandler(streamRouter(publisher))
const [, , style = 'pass'] = process.argv

const server = createServer()
new WebSocketServer({ server }).on('connection', (socket) => handler.upgrade(socket))

serveFanOut({
  server,
  opening: (channel) => [
    [upgradeRequest('/'), '101'],
    [textFrame(JSON.stringify({ i: '1', p: { u: `/${style}`, b: { json: channel } } })), '"'],
  ],
  publish: (channel, event) => publisher.publish(channel, event),
})
