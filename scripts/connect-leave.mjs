// Connects and leaves over real sockets, so often as asked (default 100,000), and says what stays behind:
// node --expose-gc --import tsx scripts/connect-leave.mjs 100000
import { WebSocket, WebSocketServer } from 'ws'
import { createClient } from '../src/client/create-client.ts'
import { os } from '../src/server/builder.ts'
import { RPCHandler } from '../src/transport/websocket/rpc-handler.ts'
import { RPCLink } from '../src/transport/websocket/rpc-link.ts'

const total = Number(process.argv[2] ?? 100_000)
const handler = new RPCHandler({
  ping: os.handler(() => 'pong'),
  wait: os.handler(async function* ({ signal }) {
    yield 1
    await new Promise((resolve) => signal.addEventListener('abort', resolve))
  }),
})
const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
server.on('connection', (socket) => handler.upgrade(socket))
await new Promise((resolve) => server.once('listening', resolve))
const url = `ws://127.0.0.1:${server.address().port}`

async function visit() {
  const link = new RPCLink({ connect: () => new WebSocket(url, ['headwater.1']) })
  const client = createClient(link)
  await client.ping()
  await (await client.wait()).next()
  link.close()
}

async function visits(count) {
  for (let done = 0; done < count; done += 50) await Promise.all(Array.from({ length: 50 }, visit))
  while (server.clients.size > 0) await new Promise((resolve) => setTimeout(resolve, 10))
}

function report(label) {
  globalThis.gc?.()
  const kinds = Object.groupBy?.(process.getActiveResourcesInfo(), (kind) => kind)
  const resources = kinds ? Object.keys(kinds) : process.getActiveResourcesInfo()
  console.log(label, { heap: `${(process.memoryUsage().heapUsed / 2 ** 20).toFixed(2)} MB`, resources })
}

await visits(2000)
report('baseline after 2,000:')
const startedAt = performance.now()
await visits(total)
report(`after ${total} more in ${Math.round((performance.now() - startedAt) / 1000)} s:`)
server.close()
