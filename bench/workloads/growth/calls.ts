import { createServer } from 'node:http'
import { os } from 'headwater/server'
import { RPCHandler } from 'headwater/server/node'
import { postRequest } from '../../tools/client-bytes.ts'
import { confirm, orderSchema } from '../../tools/order.ts'
import { serveUnary } from '../../tools/unary-server.ts'

const [, , middlewares = '0', procedures = '1'] = process.argv

let base = os.$context<object>()
for (let count = 0; count < Number(middlewares); count++) base = base.use(({ next }) => next()) as typeof base
const order = base.input(orderSchema).handler(({ input }) => confirm(input))
const names = Array.from({ length: Number(procedures) }, (_, index) => `order${index}`)
const handler = new RPCHandler(Object.fromEntries(names.map((name) => [name, order])))

serveUnary({
  server: createServer((request, response) => void handler.handle(request, response, { context: {} })),
  request: (order) => postRequest(`/${names.at(-1)}`, JSON.stringify({ json: order })),
})
