import type { AddressInfo } from 'node:net'
import { WebSocketServer } from 'ws'
import { os } from '../../src/server/builder.ts'
import { RPCHandler } from '../../src/transport/websocket/rpc-handler.ts'

const chunk = 'x'.repeat(64 * 1024)

const router = {
  ping: os.handler(() => 'pong'),
  memory: os.handler(() => {
    ;(globalThis as { gc?: () => void }).gc?.()
    const { rss, heapUsed, external } = process.memoryUsage()
    return { rss, used: heapUsed + external }
  }),
  bulk: os.handler(async function* ({ input }) {
    for (let count = 0; count < (input as number); count++) yield chunk
  }),
  answer: os.handler(({ input }) => 'x'.repeat(input as number)),
}

const [heartbeat, heartbeatTimeout] = process.argv.slice(2).map(Number)
const handler = new RPCHandler(router, { heartbeat, heartbeatTimeout })
const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
server.on('connection', (socket) => handler.upgrade(socket as never))
server.on('listening', () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`))
