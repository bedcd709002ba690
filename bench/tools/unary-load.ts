import type { Figure } from './case.ts'
import { CountingSocket } from './counting-socket.ts'
import { MeasuredProcess } from './measured-process.ts'
import { measureWork } from './measured-work.ts'
import { ANSWER_MARK } from './order.ts'
import { quantile } from './statistics.ts'

export interface Unary {
  /** The built script of the server, which answers to `port`, `opening` and `requests`. */
  readonly script: string
  readonly args?: readonly string[]
  /** Clients that call at the same time, each when its last call has been answered. */
  readonly clients: number
  readonly calls: number
  /** Of JSON in each direction. */
  readonly bytes: number
}

/** Calls and calls again; the first half does not count. */
export async function measureUnary(options: Unary): Promise<Figure> {
  const load = await UnaryLoad.start(options)
  try {
    await load.measure(options.calls / 2)
    return await load.measure(options.calls)
  } finally {
    await load.stop()
  }
}

/** A server with clients that call it. */
export class UnaryLoad {
  readonly #server: MeasuredProcess
  readonly #callers: Caller[] = []

  private constructor(server: MeasuredProcess) {
    this.#server = server
  }

  static async start({ script, args = [], clients, bytes }: Omit<Unary, 'calls'>): Promise<UnaryLoad> {
    const load = new UnaryLoad(await MeasuredProcess.start(script, args))
    await load.#connect(clients, bytes)
    return load
  }

  async #connect(clients: number, bytes: number): Promise<void> {
    const port = await this.#server.ask<number>('port')
    const opening = await this.#server.ask<string | undefined>('opening')
    const encoded = await this.#server.ask<readonly string[]>('requests', bytes)
    const requests = encoded.map((text) => Buffer.from(text, 'base64'))
    for (let count = 0; count < clients; count++) {
      const socket = await CountingSocket.connect(port, ANSWER_MARK)
      if (opening !== undefined) await socket.ask(opening, '101')
      this.#callers.push(new Caller(socket, requests))
    }
  }

  /** Makes about so many calls, all clients together. */
  async measure(calls: number): Promise<Figure> {
    const each = Math.ceil(calls / this.#callers.length)
    for (const caller of this.#callers) caller.times.length = 0
    const figure = await measureWork(this.#server, each * this.#callers.length, async () => {
      await Promise.all(this.#callers.map((caller) => caller.call(each)))
    })
    const times = this.#callers.flatMap((caller) => caller.times)
    return { ...figure, beside: { ...figure.beside, 'p50 ms': quantile(times, 0.5), 'p99 ms': quantile(times, 0.99) } }
  }

  async stop(): Promise<void> {
    await this.#server.stop()
    for (const { socket } of this.#callers) socket.close()
  }
}

/** One client: its next call follows the answer to the last. */
class Caller {
  readonly socket: CountingSocket
  /** How long calls took, in ms. */
  readonly times: number[] = []
  readonly #requests: readonly Buffer[]
  #sent = 0

  constructor(socket: CountingSocket, requests: readonly Buffer[]) {
    this.socket = socket
    this.#requests = requests
  }

  call(calls: number): Promise<void> {
    return new Promise((resolve) => {
      let left = calls
      let sentAt = 0
      const send = (): void => {
        sentAt = performance.now()
        this.socket.send(this.#requests[this.#sent++ % this.#requests.length] as Buffer)
      }
      this.socket.onMark = () => {
        this.times.push(performance.now() - sentAt)
        if (--left > 0) send()
        else resolve()
      }
      send()
    })
  }
}
