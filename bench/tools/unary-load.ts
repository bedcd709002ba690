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
export async function measureUnary({ script, args = [], clients, calls, bytes }: Unary): Promise<Figure> {
  const server = await MeasuredProcess.start(script, args)
  const callers: Caller[] = []
  try {
    const port = await server.ask<number>('port')
    const opening = await server.ask<string | undefined>('opening')
    const encoded = await server.ask<readonly string[]>('requests', bytes)
    const requests = encoded.map((text) => Buffer.from(text, 'base64'))
    for (let count = 0; count < clients; count++) {
      const socket = await CountingSocket.connect(port, ANSWER_MARK)
      if (opening !== undefined) await socket.ask(opening, '101')
      callers.push(new Caller(socket, requests))
    }
    const work = async (units: number): Promise<void> => {
      const each = Math.ceil(units / clients)
      await Promise.all(callers.map((caller) => caller.call(each)))
    }
    await work(calls / 2)
    for (const caller of callers) caller.times.length = 0
    const figure = await measureWork(server, Math.ceil(calls / clients) * clients, work)
    const times = callers.flatMap((caller) => caller.times)
    return { ...figure, beside: { ...figure.beside, 'p50 ms': quantile(times, 0.5), 'p99 ms': quantile(times, 0.99) } }
  } finally {
    await server.stop()
    for (const caller of callers) caller.socket.close()
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
