import { type FrameData, needsChunks, toChunks } from '../wire/chunks.ts'
import type { Connection } from './connection.ts'

/** Bytes that may wait in a connection before calls have to wait for it. */
const HIGH_WATER_MARK = 256 * 1024

/** A transport that does not tell when it has room again is asked so often, in ms. */
const POLL_INTERVAL = 10

interface Waiting {
  readonly frames: Iterator<FrameData, void, void>
  next: FrameData
  resolve(): void
}

/**
 * The frames on their way into a connection. While that is full they wait here, at most one of each stream, and go
 * out in turns: chunks of a long one between those of others.
 */
export class Outbox {
  readonly #connection: Connection
  readonly #queue: Waiting[] = []
  #timer: ReturnType<typeof setTimeout> | undefined
  #closed = false

  constructor(connection: Connection) {
    this.#connection = connection
    connection.onRoom = () => this.flush()
  }

  /** Sends a frame that must not wait: small, and none of a stream that has one waiting. */
  sendNow(frame: FrameData): void {
    if (!this.#closed) this.#connection.send(frame)
  }

  /** Sends a frame of a call; gives a promise where it has to wait for its turn. Never rejects. */
  send(id: string, frame: FrameData, chunked: boolean): Promise<void> | undefined {
    if (this.#closed) return undefined
    const isLong = chunked && needsChunks(frame)
    if (!isLong && this.#queue.length === 0 && !this.#isFull()) {
      this.#connection.send(frame)
      return undefined
    }
    const frames = isLong ? toChunks(id, frame) : [frame].values()
    return new Promise((resolve) => {
      this.#queue.push({ frames, next: frames.next().value as FrameData, resolve })
      this.flush()
    })
  }

  /** Sends what there is room for. */
  flush(): void {
    if (this.#closed || this.#queue.length === 0) return
    while (!this.#isFull()) {
      const entry = this.#queue.shift()
      if (entry === undefined) break
      this.#connection.send(entry.next)
      const { done, value } = entry.frames.next()
      if (done) entry.resolve()
      else {
        entry.next = value
        this.#queue.push(entry)
      }
    }
    clearTimeout(this.#timer)
    this.#timer = this.#queue.length === 0 ? undefined : setTimeout(() => this.flush(), POLL_INTERVAL)
  }

  /** The connection is gone: nobody waits any more. */
  close(): void {
    this.#closed = true
    clearTimeout(this.#timer)
    for (const { resolve } of this.#queue.splice(0)) resolve()
  }

  #isFull(): boolean {
    return this.#connection.buffered >= HIGH_WATER_MARK
  }
}
