import { WebSocket } from 'ws'
import type { ClientSocket } from '../../src/transport/websocket/dialer.ts'
import { RPCLink } from '../../src/transport/websocket/rpc-link.ts'
import type { PeerTransport } from '../suites/peer-checks.ts'

/** Links of `ws` to a server on this machine, whose context names the `user` of the URL. */
export function socketTransport(url: () => string): PeerTransport {
  return {
    plain: true,
    connect({ plain, user }) {
      let latest: WebSocket | undefined
      const connect = (): ClientSocket => {
        latest = plain
          ? new WebSocket(`${url()}?user=${user}`)
          : new WebSocket(`${url()}?user=${user}`, ['headwater.1'])
        return latest as ClientSocket
      }
      const link = new RPCLink({ connect, backoff: { initialDelay: 20 } })
      return { link, cut: () => latest?.terminate() }
    },
  }
}
