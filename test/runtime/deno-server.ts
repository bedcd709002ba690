import { RPCHandler } from '../../src/transport/websocket/rpc-handler.ts'
import { createPeerRouter } from '../suites/peer-router.ts'

declare const Deno: any

// Serves the router of the checks over Deno's own WebSockets.
const router = createPeerRouter({
  drain: () => {
    const draining = handler
    handler = new RPCHandler(router)
    return draining.drain()
  },
})
let handler = new RPCHandler(router)

const onListen = ({ port }: { readonly port: number }): void => console.log(`ws://127.0.0.1:${port}`)

Deno.serve({ port: 0, hostname: '127.0.0.1', onListen }, (request: Request) => {
  const protocol = request.headers.get('sec-websocket-protocol') ?? ''
  const { socket, response } = Deno.upgradeWebSocket(request, { protocol })
  handler.upgrade(socket, { context: { user: new URL(request.url).searchParams.get('user') ?? '' } })
  return response
})
