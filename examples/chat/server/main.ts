import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { InspectorPlugin } from 'headwater/inspector'
import { Publisher } from 'headwater/publisher'
import { SqliteLog } from 'headwater/publisher/sqlite'
import { onError, RPCError } from 'headwater/server'
import { RPCHandler } from 'headwater/server/node'
import { type ChatEvents, createRouter } from './router.ts'
import { StaticFiles } from './static-files.ts'

// In a file: whoever has been told that a message is there finds it again, also when this process was killed meanwhile.
const log = new SqliteLog({ path: join(process.env['DATA'] ?? '.data', 'chat.db') })
const publisher = new Publisher<ChatEvents>(log, { retention: { seconds: 86_400, events: 1000 } })
const files = new StaticFiles(fileURLToPath(new URL('../dist', import.meta.url)))

const router = createRouter(publisher)
const inspector = new InspectorPlugin(router, {
  title: 'Chat',
  publishers: { chat: publisher },
  // Nobody logs in to this chat, so everybody may look behind it, as long as it is an example.
  allow: () => process.env['NODE_ENV'] !== 'production',
})

const handler = new RPCHandler(router, {
  plugins: [inspector],
  interceptors: [
    onError((error, { path }) => {
      if (!(error instanceof RPCError) || error.status >= 500) console.error(`${path.join('.')} failed:`, error)
    }),
  ],
})

const server = createServer(async (request, response) => {
  const context = { userId: readUserId(request) }
  const { matched } = await handler.handle(request, response, { prefix: '/rpc', context })
  if (matched) return
  if (request.url?.startsWith('/rpc/')) response.writeHead(404).end('No such procedure')
  else await files.handle(request, response)
})

const port = Number(process.env['PORT'] ?? 3000)

server.on('error', (error: NodeJS.ErrnoException) => {
  const isTaken = error.code === 'EADDRINUSE'
  fail(isTaken ? `Port ${port} is taken. Choose another one: PORT=3001 npm start` : error.message)
})

if (!(Number.isInteger(port) && port >= 0 && port < 65_536)) fail(`PORT is no port: ${process.env['PORT']}`)
await log.open().catch((error: Error) => fail(error.message))
server.listen(port, () => {
  const url = `http://localhost:${(server.address() as AddressInfo).port}`
  console.log(`Chat is running at ${url}, its inspector at ${url}/inspector`)
})

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, close)

// The shell between npm and this process does not pass on the signal that ends it: without its parent the server would
// keep the port for good.
if (process.env['npm_lifecycle_event'] === 'start') {
  const parent = process.ppid
  setInterval(() => process.ppid !== parent && process.kill(process.pid, 'SIGTERM'), 200).unref()
}

async function close(): Promise<void> {
  server.close()
  // Before the publisher: a stream that is cut is resumed, one that is told of an error is over.
  await handler.drain({ timeout: 2000 })
  server.closeAllConnections()
  await publisher.close()
  await log.close()
}

function fail(reason: string): never {
  console.error(reason)
  process.exit(1)
}

function readUserId(request: IncomingMessage): string {
  const header = request.headers['x-user-id']
  return typeof header === 'string' && header !== '' && header.length <= 100 ? header : 'anonymous'
}
