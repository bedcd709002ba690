import { createServer, type Server, request as sendRequest } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A proxy in front of an HTTP server that knows which streams are open there, and can be cut. */
export class StreamProxy {
  readonly #server: Server
  /** Where it sends requests to; `undefined`: nobody is there. */
  target: number | undefined
  /** The path of every request that has come. */
  readonly asked: string[] = []
  /** The paths of those that are open. */
  readonly #open = new Set<{ readonly path: string }>()

  private constructor(target: number) {
    this.target = target
    this.#server = createServer((request, response) => {
      const { method, url: path = '/', headers } = request
      if (this.target === undefined) {
        response.destroy()
        return
      }
      const entry = { path }
      if (method !== 'OPTIONS') {
        this.#open.add(entry)
        this.asked.push(path)
      }
      const forwarded = sendRequest({ host: 'localhost', port: this.target, method, path, headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers)
        answer.on('error', () => response.destroy()).pipe(response)
      })
      forwarded.on('error', () => response.destroy())
      request.pipe(forwarded)
      response.on('close', () => {
        this.#open.delete(entry)
        forwarded.destroy()
      })
    })
  }

  static async start(port: number, target: number): Promise<StreamProxy> {
    const proxy = new StreamProxy(target)
    await new Promise<void>((resolve) => proxy.#server.listen(port, resolve))
    return proxy
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** How many requests with this in their path are open. */
  countOpen(part: string): number {
    return [...this.#open].filter(({ path }) => path.includes(part)).length
  }

  /** Cuts all connections. */
  cut(): void {
    this.#server.closeAllConnections()
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve))
    this.cut()
    await closed
  }
}
