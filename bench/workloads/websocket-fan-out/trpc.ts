import { createServer } from 'node:http'
import { applyWSSHandler } from '@trpc/server/adapters/ws'
import { WebSocketServer } from 'ws'
import { textFrame, upgradeRequest } from '../../tools/client-bytes.ts'
import { serveFanOut } from '../../tools/fan-out-server.ts'
import { emitter, router } from '../trpc-stream-router.ts'

const [, , style = 'pass'] = process.argv

const server = createServer()
applyWSSHandler({ wss: new WebSocketServer({ server }), router })

serveFanOut({
  server,
  opening: (channel) => [
    [upgradeRequest('/'), '101'],
    [textFrame(JSON.stringify({ id: 1, method: 'subscription', params: { path: style, input: channel } })), '"'],
  ],
  publish: (channel, event) => emitter.emit(channel, event),
})
