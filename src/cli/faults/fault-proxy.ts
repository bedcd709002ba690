import { type AddressInfo, connect, createServer, isIP, type Server, type Socket } from 'node:net'
import { connect as connectTLS } from 'node:tls'

/** What can happen to connections. */
export type Fault =
  /** Closed without a word. */
  | 'cut'
  /** Reset. */
  | 'reset'
  /** Closed politely, in the middle of whatever they carried. */
  | 'eof'
  /** Nothing moves for a while, then all goes on. */
  | 'stall'
  /** They stay open, and nothing arrives any more. */
  | 'silence'
  /** Cut, and for a while nobody answers. */
  | 'refuse'

export const FAULTS: readonly Fault[] = ['cut', 'reset', 'eof', 'stall', 'silence', 'refuse']

interface Pair {
  readonly client: Socket
  readonly server: Socket
  isSilent: boolean
}

/** A TCP proxy on this machine that does to connections what networks do. */
export class FaultProxy {
  readonly #target: URL
  readonly #server: Server
  readonly #pairs = new Set<Pair>()
  #isRefusing = false
  #flowing: Promise<void> = Promise.resolve()
  #flow: () => void = () => {}

  private constructor(target: URL) {
    this.#target = target
    this.#server = createServer({ allowHalfOpen: true }, (client) => this.#accept(client))
  }

  static async open(target: URL): Promise<FaultProxy> {
    const proxy = new FaultProxy(target)
    await new Promise<void>((resolve, reject) =>
      proxy.#server.once('error', reject).listen(0, '127.0.0.1', () => resolve()),
    )
    return proxy
  }

  /** Where the target is through this proxy. Without TLS, which the proxy does itself. */
  get url(): URL {
    const url = new URL(this.#target)
    url.protocol = url.protocol.startsWith('ws') ? 'ws:' : 'http:'
    url.hostname = '127.0.0.1'
    url.port = String((this.#server.address() as AddressInfo).port)
    return url
  }

  /** Strikes all connections; what lasts does so until `heal()`. */
  strike(fault: Fault): void {
    if (fault === 'refuse') this.#isRefusing = true
    if (fault === 'stall') {
      this.#flowing = new Promise((resolve) => {
        this.#flow = resolve
      })
      return
    }
    for (const pair of [...this.#pairs]) {
      if (fault === 'silence') pair.isSilent = true
      else if (fault === 'reset') pair.client.resetAndDestroy()
      else if (fault === 'eof') pair.client.end(() => pair.server.destroy())
      else pair.client.destroy()
    }
  }

  heal(): void {
    this.#isRefusing = false
    this.#flow()
  }

  close(): void {
    this.heal()
    this.#server.close()
    for (const { client, server } of [...this.#pairs]) for (const socket of [client, server]) socket.destroy()
  }

  #accept(client: Socket): void {
    client.on('error', () => {})
    if (this.#isRefusing) {
      client.destroy()
      return
    }
    const server = this.#connect()
    const pair: Pair = { client, server, isSilent: false }
    this.#pairs.add(pair)
    server.on('error', () => client.destroy())
    client.once('close', () => {
      this.#pairs.delete(pair)
      server.destroy()
    })
    server.once('close', () => {
      if (!pair.isSilent) client.destroy()
    })
    void this.#pass(pair, client, server)
    void this.#pass(pair, server, client)
  }

  #connect(): Socket {
    const { protocol, hostname, port } = this.#target
    const host = hostname.replace(/^\[|\]$/g, '')
    const isSecure = protocol === 'https:' || protocol === 'wss:'
    if (!isSecure) return connect({ host, port: Number(port || 80) })
    // Addresses are no names of servers, by RFC 6066.
    const servername = isIP(host) === 0 ? host : ''
    return connectTLS({ host, port: Number(port || 443), servername, ALPNProtocols: ['http/1.1'] })
  }

  /** Reads no faster than it writes: a client that is slow is still slow through the proxy. */
  async #pass(pair: Pair, from: Socket, to: Socket): Promise<void> {
    try {
      for await (const chunk of from.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
        await this.#flowing
        if (pair.isSilent) continue
        if (!to.write(chunk)) await roomIn(to)
      }
      if (!pair.isSilent) to.end()
    } catch {
      // Its `close` follows.
    }
  }
}

function roomIn(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const go = (): void => {
      socket.off('drain', go).off('close', go)
      resolve()
    }
    socket.on('drain', go).on('close', go)
    if (socket.destroyed) go()
  })
}
