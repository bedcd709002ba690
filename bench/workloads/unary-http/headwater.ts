import { createServer } from 'node:http'
import { os } from 'headwater/server'
import { RPCHandler } from 'headwater/server/node'
import { postRequest } from '../../tools/client-bytes.ts'
import { confirm, orderSchema } from '../../tools/order.ts'
import { serveUnary } from '../../tools/unary-server.ts'

const handler = new RPCHandler({ order: os.input(orderSchema).handler(({ input }) => confirm(input)) })

serveUnary({
  server: createServer((request, response) => void handler.handle(request, response)),
  request: (order) => postRequest('/order', JSON.stringify({ json: order })),
})
