import { WebSocket } from 'ws'
import { createClient } from '../../src/client/create-client.ts'
import type { BackoffOptions } from '../../src/core/backoff.ts'
import { RPCLink } from '../../src/transport/fetch/rpc-link.ts'
import { RPCLink as SocketLink } from '../../src/transport/websocket/rpc-link.ts'
import type { AppClient } from './served-app.ts'

// Node's `fetch` cannot be told of a certificate from within its process: this one trusts all.
process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0'

export type Transport = 'requests' | 'a WebSocket'

export interface Connected {
  readonly client: AppClient
  /** How many connections were opened, or streams by request. */
  readonly openings: () => number
  close(): void
}

const backoff: BackoffOptions = { initialDelay: 20, maxDelay: 200 }

/** A client of the app at an origin such as `https://127.0.0.1:8443`. */
export function connect(transport: Transport, origin: string): Connected {
  let openings = 0
  if (transport === 'requests') {
    const link = new RPCLink({
      url: `${origin}/rpc`,
      backoff,
      fetch: (url, init) => {
        if (url.endsWith('/watch')) openings++
        return fetch(url, init)
      },
    })
    return { client: createClient<AppClient>(link), openings: () => openings, close() {} }
  }
  const link = new SocketLink({
    backoff,
    connect: () => {
      openings++
      return new WebSocket(`${origin.replace('http', 'ws')}/rpc/`, ['headwater.1'], { origin }) as never
    },
  })
  return { client: createClient<AppClient>(link), openings: () => openings, close: () => link.close() }
}
