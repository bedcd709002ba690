import { createServer } from 'node:http'
import { postRequest } from '../../tools/client-bytes.ts'
import { confirm, orderSchema } from '../../tools/order.ts'
import { serveUnary } from '../../tools/unary-server.ts'

const server = createServer((request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk) => chunks.push(chunk))
  request.on('end', () => {
    const order = orderSchema.parse(JSON.parse(Buffer.concat(chunks).toString()))
    const body = JSON.stringify(confirm(order))
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) })
    response.end(body)
  })
})

serveUnary({ server, request: (order) => postRequest('/order', JSON.stringify(order)) })
