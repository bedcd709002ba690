import { type Dialer, PeerLink, type PeerLinkOptions } from '../../session/peer/peer-link.ts'
import { type ClientSocket, FactoryDialer, SocketDialer, URLDialer } from './dialer.ts'

/** Where the sockets of a link come from: one of the three. */
export type SocketSource =
  /** Opened when the first call is made, and again after a cut. A function is asked each time. */
  | { readonly url: string | URL | (() => string | URL | Promise<string | URL>) }
  /** Makes the sockets, for runtimes without a global `WebSocket` or with headers of your own. */
  | { readonly connect: () => ClientSocket | Promise<ClientSocket> }
  /** Is used as it is; when it is cut, calls fail. */
  | { readonly websocket: ClientSocket }

export type RPCLinkOptions<ClientContext> = PeerLinkOptions<ClientContext> &
  SocketSource & {
    /** How long a socket may take to open, in ms. Default 10,000. */
    readonly connectTimeout?: number | undefined
  }

/**
 * Calls procedures over a WebSocket, all over one. It reconnects by itself: streams resume, calls that were not sent yet
 * wait, and calls that were under way fail with `CONNECTION_LOST` rather than being made twice.
 *
 * @example
 * const link = new RPCLink({ url: 'wss://example.com/rpc' })
 * const client: RouterClient<typeof router> = createClient(link)
 */
export class RPCLink<ClientContext = Record<never, never>> extends PeerLink<ClientContext> {
  constructor(options: RPCLinkOptions<ClientContext>) {
    super(toDialer(options, options.connectTimeout ?? 10_000), options)
  }
}

function toDialer(source: SocketSource, timeout: number): Dialer {
  if ('url' in source) return new URLDialer(source.url, timeout)
  if ('connect' in source) return new FactoryDialer(source.connect, timeout)
  return new SocketDialer(source.websocket, timeout)
}
