import { createAdaptorServer } from '@hono/node-server'
import { Hono } from 'hono'
import { postRequest } from '../../tools/client-bytes.ts'
import { confirm, orderSchema } from '../../tools/order.ts'
import { serveUnary } from '../../tools/unary-server.ts'

const app = new Hono().post('/order', async (context) =>
  context.json(confirm(orderSchema.parse(await context.req.json()))),
)

serveUnary({
  server: createAdaptorServer({ fetch: app.fetch }) as never,
  request: (order) => postRequest('/order', JSON.stringify(order)),
})
