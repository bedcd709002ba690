import { initTRPC } from '@trpc/server'
import { createHTTPServer } from '@trpc/server/adapters/standalone'
import { postRequest } from '../../tools/client-bytes.ts'
import { confirm, orderSchema } from '../../tools/order.ts'
import { serveUnary } from '../../tools/unary-server.ts'

const t = initTRPC.create()
const router = t.router({ order: t.procedure.input(orderSchema).mutation(({ input }) => confirm(input)) })

serveUnary({
  server: createHTTPServer({ router }),
  request: (order) => postRequest('/order', JSON.stringify(order)),
})
