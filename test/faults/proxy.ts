import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

export type NetworkFault =
  /** Connections are dropped without a word. */
  | 'cut'
  /** Connections are reset. */
  | 'reset'
  /** Connections are closed politely, in the middle of whatever they carried. */
  | 'eof'
  /** Nothing moves for a while, then all goes on. */
  | 'stall'
  /** What is connected stays connected, and nothing arrives any more. */
  | 'half-open'
  | 'delay'
  /** Bytes come in small pieces that fit no frame. */
  | 'split'
  /** Bytes come together that were sent apart. */
  | 'coalesce'
  /** A proxy that holds back what servers send until there is enough of it. */
  | 'buffering'

/** How long bytes are held back, in ms, and from how many on they are let go at once. */
const HOLDS: Readonly<Partial<Record<NetworkFault, { readonly milliseconds: number; readonly bytes: number }>>> = {
  coalesce: { milliseconds: 60, bytes: 64 * 1024 },
  buffering: { milliseconds: 300, bytes: 8 * 1024 },
}

interface Link {
  readonly sockets: readonly Socket[]
  isDead: boolean
}

/** A TCP proxy that does to connections what networks do. */
export class FaultProxy {
  readonly #links = new Set<Link>()
  readonly #server: Server
  readonly #target: () => number | undefined
  #how: NetworkFault | undefined
  #flowing: Promise<void> = Promise.resolve()
  #flow: () => void = () => {}
  #closed = false

  private constructor(target: () => number | undefined) {
    this.#target = target
    this.#server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (client) => this.#accept(client))
  }

  /** @param target asked for the port of each new connection; without one it is refused. */
  static async open(target: () => number | undefined): Promise<FaultProxy> {
    const proxy = new FaultProxy(target)
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve))
    return proxy
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** Strikes what is connected now, or, for faults that last, all until `heal()`. */
  strike(fault: NetworkFault): void {
    if (fault === 'cut') this.#each((socket) => socket.destroy())
    else if (fault === 'reset') this.#each((socket) => socket.resetAndDestroy())
    else if (fault === 'eof') this.#each((socket) => socket.end())
    else if (fault === 'half-open') for (const link of this.#links) link.isDead = true
    else {
      this.#how = fault
      if (fault === 'stall')
        this.#flowing = new Promise((resolve) => {
          this.#flow = resolve
        })
    }
  }

  heal(): void {
    this.#how = undefined
    this.#flow()
  }

  /** What a machine does by itself after many minutes: gives up the connections that are dead. */
  bury(): void {
    for (const { isDead, sockets } of [...this.#links]) if (isDead) for (const socket of sockets) socket.destroy()
  }

  async close(): Promise<void> {
    this.#closed = true
    this.heal()
    this.#server.close()
    this.#each((socket) => socket.destroy())
  }

  #each(strike: (socket: Socket) => void): void {
    for (const { sockets } of [...this.#links]) for (const socket of sockets) strike(socket)
  }

  #accept(client: Socket): void {
    client.on('error', () => {})
    const port = this.#target()
    if (port === undefined || this.#closed) return void client.destroy()
    const upstream = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
    client.setNoDelay()
    upstream.on('error', () => client.destroy())
    const link = { sockets: [client, upstream], isDead: false }
    this.#links.add(link)
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      one.once('close', () => {
        if (!link.isDead || other.destroyed) this.#links.delete(link)
        // Behind a dead link nobody hears of it.
        if (!link.isDead || this.#closed) other.destroy()
      })
    }
    void this.#pump(link, client, upstream)
    void this.#pump(link, upstream, client)
  }

  async #pump(link: Link, from: Socket, to: Socket): Promise<void> {
    const isAnswer = from === link.sockets[1]
    try {
      for await (const chunk of from.iterator({ destroyOnReturn: false })) {
        await this.#flowing
        if (!link.isDead) await this.#pass(chunk, to, isAnswer)
      }
      if (!link.isDead) to.end()
    } catch {
      // Its `close` follows.
    }
  }

  async #pass(chunk: Buffer, to: Socket, isAnswer: boolean): Promise<void> {
    const hold = this.#how === 'buffering' && !isAnswer ? undefined : HOLDS[this.#how ?? 'cut']
    if (this.#how === 'delay') await sleep(10 + Math.random() * 50)
    // What comes meanwhile waits in the socket and is read as one.
    if (hold !== undefined && chunk.length < hold.bytes) await sleep(hold.milliseconds)
    const size = this.#how === 'split' ? Math.max(3, Math.ceil(chunk.length / 100)) : chunk.length
    for (let start = 0; start < chunk.length; start += size) {
      if (to.destroyed) return
      const isFull = !to.write(chunk.subarray(start, start + size))
      if (isFull)
        await new Promise<void>((resolve) => {
          const go = (): void => {
            to.off('drain', go).off('close', go)
            resolve()
          }
          to.on('drain', go).on('close', go)
        })
      if (size < chunk.length) await new Promise(setImmediate)
    }
  }
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}
