import { createServer } from 'node:http'
import { initTRPC } from '@trpc/server'
import { applyWSSHandler } from '@trpc/server/adapters/ws'
import { WebSocketServer } from 'ws'
import { textFrame, upgradeRequest } from '../../tools/client-bytes.ts'
import { confirm, orderSchema } from '../../tools/order.ts'
import { serveUnary } from '../../tools/unary-server.ts'

const t = initTRPC.create()
const router = t.router({ order: t.procedure.input(orderSchema).mutation(({ input }) => confirm(input)) })

const server = createServer()
applyWSSHandler({ wss: new WebSocketServer({ server }), router })

serveUnary({
  server,
  opening: upgradeRequest('/'),
  request: (order, id) =>
    textFrame(JSON.stringify({ id, method: 'mutation', params: { path: 'order', input: order } })),
})
