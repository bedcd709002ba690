import { RPCError } from '../../core/error.ts'
import { CloseCode, type Connection } from '../../session/peer/connection.ts'
import { type ConnectionEvents, type Dialer, PeerLink, type PeerLinkOptions } from '../../session/peer/peer-link.ts'
import { openPort, type PortLike } from './port.ts'

/** Where the ports of a link come from: one of the two. */
export type PortSource =
  /** Is used as it is; when it closes, calls fail. */
  | { readonly port: PortLike }
  /** Gets a port for the first call, and another one when that is gone: streams then resume. */
  | { readonly connect: () => PortLike | Promise<PortLike> }

export type RPCLinkOptions<ClientContext> = PeerLinkOptions<ClientContext> & PortSource

/**
 * Calls procedures over a MessagePort or its like, all over one.
 *
 * @example
 * const { port1, port2 } = new MessageChannel()
 * worker.postMessage({ port: port2 }, [port2])
 * const client: RouterClient<typeof router> = createClient(new RPCLink({ port: port1 }))
 */
export class RPCLink<ClientContext = Record<never, never>> extends PeerLink<ClientContext> {
  constructor(options: RPCLinkOptions<ClientContext>) {
    super(new PortDialer(options), options)
  }
}

class PortDialer implements Dialer {
  readonly reconnects: boolean
  readonly #connect: () => PortLike | Promise<PortLike>

  constructor(source: PortSource) {
    this.reconnects = 'connect' in source
    this.#connect = 'connect' in source ? source.connect : once(source.port)
  }

  async dial({ onData, onClose }: ConnectionEvents, signal: AbortSignal): Promise<Connection> {
    const port = await this.#connect()
    const connection = openPort(port, { onData, onGone: () => onClose(CloseCode.DONE, '') })
    if (signal.aborted) connection.close(CloseCode.DONE, '')
    signal.throwIfAborted()
    return connection
  }
}

/** A port does not tell whether it is closed, and what is sent to one that is would never be answered. */
function once(port: PortLike): () => PortLike {
  let used = false
  return () => {
    if (used) throw new RPCError('CONNECTION_FAILED', { status: 503, message: 'The port was closed' })
    used = true
    return port
  }
}
