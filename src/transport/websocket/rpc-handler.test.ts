import { afterAll, beforeAll } from 'vitest'
import { WebSocketServer } from 'ws'
import { testPeerConnection } from '../../../test/suites/peer-connection.ts'
import { createPeerRouter } from '../../../test/suites/peer-router.ts'
import { socketTransport } from '../../../test/tools/socket-transport.ts'
import { RPCHandler } from './rpc-handler.ts'

let server: WebSocketServer
let url = ''

beforeAll(async () => {
  server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  await new Promise((resolve) => server.once('listening', resolve))
  url = `ws://127.0.0.1:${(server.address() as { port: number }).port}`
  const router = createPeerRouter({
    drain: () => {
      const draining = handler
      handler = new RPCHandler(router)
      return draining.drain()
    },
  })
  let handler = new RPCHandler(router)
  server.on('connection', (socket, request) => {
    const user = new URL(request.url ?? '', url).searchParams.get('user') ?? ''
    handler.upgrade(socket, { context: { user } })
  })
})

afterAll(() => {
  for (const socket of server.clients) socket.terminate()
  server.close()
})

testPeerConnection(socketTransport(() => url))
