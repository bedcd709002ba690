import type { Writable } from 'node:stream'
import { sleep } from '../core/abort.ts'

/** What is still open to clients. */
export class OpenStreams {
  readonly #open = new Map<Writable, Promise<void>>()

  /** Resolves when it is closed. */
  add(stream: Writable): Promise<void> {
    if (stream.closed) return Promise.resolve()
    const closed = new Promise<void>((resolve) => {
      stream.once('close', () => {
        this.#open.delete(stream)
        resolve()
      })
    })
    this.#open.set(stream, closed)
    return closed
  }

  /** Resolves when all are closed, or the time is up. */
  async closed(timeout: number): Promise<void> {
    const stop = new AbortController()
    const timeUp = sleep(timeout, stop.signal).catch(() => {})
    await Promise.race([timeUp, Promise.all(this.#open.values())])
    stop.abort()
  }

  /** Ends what a client does not read to its end: it would keep the server from closing. */
  cut(): void {
    for (const stream of this.#open.keys()) if (!stream.writableFinished) stream.destroy()
  }
}
