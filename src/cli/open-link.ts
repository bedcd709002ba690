import type { Link } from '../client/link.ts'
import { RPCError } from '../core/error.ts'
import type { CallLinkOptions } from '../session/call-link.ts'
import { RPCLink } from '../transport/fetch/rpc-link.ts'
import type { ClientSocket } from '../transport/websocket/dialer.ts'
import { RPCLink as SocketLink } from '../transport/websocket/rpc-link.ts'
import { UsageError } from './usage-error.ts'

export interface OpenLinkOptions extends CallLinkOptions<unknown> {
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** Only over HTTP. */
  readonly method?: 'GET' | 'POST' | undefined
  /** Whether to wait for a server that is not there yet. Default: that is an error. */
  readonly waits?: boolean | undefined
}

export interface OpenedLink extends Link<unknown> {
  close(): void
}

/** A link by the protocol of its URL. */
export async function openLink(url: URL, options: OpenLinkOptions = {}): Promise<OpenedLink> {
  if (!url.protocol.startsWith('http')) return openSocketLink(url, options)
  const link = new RPCLink({ ...options, url })
  return { call: (path, input, options) => link.call(path, input, options), close: () => {} }
}

async function openSocketLink(url: URL, { waits = false, ...options }: OpenLinkOptions): Promise<OpenedLink> {
  const { headers = {} } = options
  const create = await findWebSocket()
  let hasOpened = waits
  let fail: (error: RPCError) => void = () => {}
  const failed = new Promise<never>((_, reject) => {
    fail = reject
  })
  failed.catch(() => {})
  const connect = (): ClientSocket => {
    const socket = create(url, headers)
    let reason = ''
    socket.addEventListener('open', () => {
      hasOpened = true
    })
    socket.addEventListener('error', (...[event]: { readonly message?: string }[]) => {
      reason = event?.message ? ` (${event.message})` : ''
    })
    // A link goes on trying, as it should for a page; here nobody has ever been there.
    socket.addEventListener('close', () => {
      const message = `The server could not be reached${reason}`
      if (!hasOpened) fail(new RPCError('CONNECTION_FAILED', { status: 503, message }))
    })
    return socket
  }
  // What a server reads of the handshake, and what it reads of the first frame, is the same.
  const link = new SocketLink({ ...options, connectionHeaders: headers, connect })
  return {
    call: (path, input, options) => Promise.race([link.call(path, input, options), failed]),
    close: () => link.close(),
  }
}

type CreateSocket = (url: URL, headers: Readonly<Record<string, string>>) => ClientSocket

const PROTOCOLS = ['headwater.1']

/** The runtime's own WebSocket, or that of `ws`. */
async function findWebSocket(): Promise<CreateSocket> {
  const { WebSocket: Native } = globalThis as { WebSocket?: new (url: URL, options: object) => ClientSocket }
  if (Native !== undefined) return (url, headers) => new Native(url, { protocols: PROTOCOLS, headers })
  try {
    const { WebSocket } = await import('ws')
    return (url, headers) => new WebSocket(url, PROTOCOLS, { headers })
  } catch {
    throw new UsageError('WebSockets need Node 22 or later, or the package ws: npm install ws')
  }
}
