import { createClient } from '../../src/client/create-client.ts'
import type { Link } from '../../src/client/link.ts'
import { RPCLink as FetchLink } from '../../src/transport/fetch/rpc-link.ts'
import { RPCLink as SocketLink } from '../../src/transport/websocket/rpc-link.ts'

// Bundled for a page that is put to sleep.

/** What each transport has brought, in its order. */
const seen: Record<string, number[]> = { sse: [], ws: [] }
/** The longest time, in ms, in which nothing in this page ran. */
let slept = 0

async function follow(transport: string, link: Link<any>): Promise<void> {
  const client = createClient<any>(link)
  for await (const { n } of await client.numbers()) seen[transport]?.push(n)
}

function start(host: string): void {
  const backoff = { initialDelay: 20, maxDelay: 100 }
  void follow('sse', new FetchLink({ url: `http://${host}/rpc`, backoff, silenceTimeout: 800 }))
  const connect = (): WebSocket => new WebSocket(`ws://${host}/`, ['headwater.1'])
  void follow('ws', new SocketLink({ connect, backoff, heartbeat: 200, heartbeatTimeout: 600 }))
  let last = performance.now()
  setInterval(() => {
    slept = Math.max(slept, performance.now() - last)
    last = performance.now()
  }, 50)
}

Object.assign(window, { start, told: () => ({ seen, slept }) })
