import { createServer } from 'node:http'
import { os } from '@orpc/server'
import { RPCHandler } from '@orpc/server/ws'
import { WebSocketServer } from 'ws'
import { textFrame, upgradeRequest } from '../../tools/client-bytes.ts'
import { confirm, orderSchema } from '../../tools/order.ts'
import { serveUnary } from '../../tools/unary-server.ts'

const handler = new RPCHandler({ order: os.input(orderSchema).handler(({ input }) => confirm(input)) })

const server = createServer()
new WebSocketServer({ server }).on('connection', (socket) => void handler.upgrade(socket))

serveUnary({
  server,
  opening: upgradeRequest('/'),
  request: (order, id) => textFrame(JSON.stringify({ i: String(id), p: { u: '/order', b: { json: order } } })),
})
