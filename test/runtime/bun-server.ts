import { RPCHandler } from '../../src/transport/bun-ws/rpc-handler.ts'
import { RPCLink } from '../../src/transport/websocket/rpc-link.ts'
import { peerChecks } from '../suites/peer-checks.ts'
import { createPeerRouter } from '../suites/peer-router.ts'

declare const Bun: any

// Serves the router of the checks on Bun. With `checks` as argument it also runs them, over Bun's own WebSocket.
const router = createPeerRouter({
  drain: () => {
    const draining = handler
    handler = new RPCHandler(router)
    return draining.drain()
  },
})
let handler = new RPCHandler(router)
const handlers = new WeakMap<object, typeof handler>()

const server = Bun.serve({
  port: 0,
  hostname: '127.0.0.1',
  websocket: {
    open: (ws: any) => {
      handlers.set(ws, handler)
      handler.websocket.open(ws)
    },
    message: (ws: any, data: any) => handlers.get(ws)?.websocket.message(ws, data),
    close: (ws: any) => handlers.get(ws)?.websocket.close(ws),
    drain: (ws: any) => handlers.get(ws)?.websocket.drain(ws),
    ping: (ws: any) => handlers.get(ws)?.websocket.ping(ws),
    pong: (ws: any) => handlers.get(ws)?.websocket.pong(ws),
  },
  fetch(request: Request, server: any) {
    const user = new URL(request.url).searchParams.get('user') ?? ''
    if (server.upgrade(request, { data: { context: { user } } })) return undefined
    return new Response('Not found', { status: 404 })
  },
})
const url = `ws://127.0.0.1:${server.port}`
console.log(url)

if (process.argv[2] === 'checks') {
  let failed = 0
  const checks = peerChecks({
    plain: true,
    connect({ plain, user }) {
      let latest: WebSocket | undefined
      const connect = (): WebSocket => {
        latest = new WebSocket(`${url}?user=${user}`, plain ? [] : ['headwater.1'])
        return latest
      }
      return { link: new RPCLink({ connect, backoff: { initialDelay: 20 } }), cut: () => latest?.close(4000) }
    },
  })
  for (const { name, run } of checks) {
    await run().catch((error: unknown) => {
      failed++
      console.log(`failed: ${name}: ${error}`)
    })
  }
  console.log(`${checks.length - failed} of ${checks.length} checks passed`)
  process.exit(failed === 0 ? 0 : 1)
}
