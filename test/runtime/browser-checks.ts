import { createClient } from '../../src/client/create-client.ts'
import { RPCHandler } from '../../src/transport/message-port/rpc-handler.ts'
import { RPCLink as PortLink } from '../../src/transport/message-port/rpc-link.ts'
import { RPCLink as SocketLink } from '../../src/transport/websocket/rpc-link.ts'
import { type PeerTransport, peerChecks } from '../suites/peer-checks.ts'
import { createPeerRouter } from '../suites/peer-router.ts'

// Bundled for a page: each function runs checks in it and gives the names of those that failed, with their errors.

/** Chromium does not tell that a port's other side is closed: heartbeats find it. */
const createHandler = (): RPCHandler<any> => new RPCHandler(router, { heartbeat: 200, heartbeatTimeout: 400 })

const router = createPeerRouter({
  drain: () => {
    const draining = handler
    handler = createHandler()
    return draining.drain()
  },
})
let handler = createHandler()

async function run(transport: PeerTransport): Promise<string[]> {
  const failures: string[] = []
  for (const { name, run } of peerChecks(transport)) {
    await Promise.race([run(), timeout()]).catch((error: unknown) => failures.push(`${name}: ${error}`))
  }
  return failures
}

function timeout(): Promise<never> {
  return new Promise((_, reject) => setTimeout(() => reject(new Error('It took too long')), 3000))
}

/** The checks over a MessageChannel. */
function checkPorts(): Promise<string[]> {
  return run({
    plain: false,
    connect({ user }) {
      let other: MessagePort | undefined
      const connect = (): MessagePort => {
        const { port1, port2 } = new MessageChannel()
        handler.upgrade(port2, { context: { user } })
        other = port2
        return port1
      }
      const link = new PortLink({ connect, backoff: { initialDelay: 20 }, heartbeatTimeout: 400 })
      return { link, cut: () => other?.close() }
    },
  })
}

/** The checks over the page's WebSocket. */
function checkSockets(url: string): Promise<string[]> {
  return run({
    plain: true,
    connect({ plain, user }) {
      let latest: WebSocket | undefined
      const connect = (): WebSocket => {
        latest = new WebSocket(`${url}?user=${user}`, plain ? [] : ['headwater.1'])
        return latest
      }
      return { link: new SocketLink({ connect, backoff: { initialDelay: 20 } }), cut: () => latest?.close(4000) }
    },
  })
}

/** A call to a frame, as the docs show it. */
async function callFrame(): Promise<unknown> {
  const frame = document.createElement('iframe')
  frame.src = '/frame'
  const loaded = new Promise((resolve) => frame.addEventListener('load', resolve))
  document.body.append(frame)
  await loaded
  const { port1, port2 } = new MessageChannel()
  frame.contentWindow?.postMessage('rpc', location.origin, [port2])
  const link = new PortLink({ port: port1 })
  const answer = await createClient<any>(link).user()
  link.close()
  return answer
}

/** The other side of that. */
function serveFrame(): void {
  window.addEventListener('message', ({ origin, data, ports: [port] }) => {
    if (origin === location.origin && data === 'rpc' && port) handler.upgrade(port, { context: { user: 'the frame' } })
  })
}

Object.assign(globalThis, { checkPorts, checkSockets, callFrame, serveFrame })
