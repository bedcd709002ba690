import { createServer } from 'node:http'
import { WebSocketServer } from 'ws'
import { textFrame, upgradeRequest } from '../../tools/client-bytes.ts'
import { confirm, orderSchema } from '../../tools/order.ts'
import { serveUnary } from '../../tools/unary-server.ts'

const server = createServer()
new WebSocketServer({ server }).on('connection', (socket) => {
  socket.on('message', (data) => {
    const { id, order } = JSON.parse(String(data))
    socket.send(JSON.stringify({ id, answer: confirm(orderSchema.parse(order)) }))
  })
})

serveUnary({
  server,
  opening: upgradeRequest('/'),
  request: (order, id) => textFrame(JSON.stringify({ id, order })),
})
