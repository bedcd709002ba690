import { createServer } from 'node:http'
import { RPCHandler } from '@orpc/server/ws'
import { WebSocketServer } from 'ws'
import { textFrame, upgradeRequest } from '../../tools/client-bytes.ts'
import { serveFanOut } from '../../tools/fan-out-server.ts'
import { publisher, router } from '../orpc-stream-router.ts'

const handler = new RPCHandler(router)
const [, , style = 'pass'] = process.argv

const server = createServer()
new WebSocketServer({ server }).on('connection', (socket) => void handler.upgrade(socket))

serveFanOut({
  server,
  opening: (channel) => [
    [upgradeRequest('/'), '101'],
    [textFrame(JSON.stringify({ i: '1', p: { u: `/${style}`, b: { json: channel } } })), '"'],
  ],
  publish: (channel, event) => publisher.publish(channel, event),
})
