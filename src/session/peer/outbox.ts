import { type FrameData, MAX_UNFINISHED, needsChunks, toChunks } from '../../wire/chunks.ts'
import type { Connection } from './connection.ts'

/** Bytes that may wait in a connection before calls have to wait for it. */
const HIGH_WATER_MARK = 256 * 1024

/** A transport that does not tell when it has room again is asked so often, in ms, and less often while it has none. */
const MIN_POLL = 10
const MAX_POLL = 320

interface Waiting {
  readonly id: string
  readonly isLong: boolean
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
  /** Those that take turns, and the long ones that have to wait until there are fewer of their kind. */
  #queue: Waiting[] = []
  #held: Waiting[] = []
  #timer: ReturnType<typeof setTimeout> | undefined
  #poll = MIN_POLL
  #closed = false

  constructor(connection: Connection) {
    this.#connection = connection
    connection.onRoom = () => this.flush()
  }

  /** Bytes that have not left this process, as far as the connection knows. */
  get buffered(): number {
    let buffered = this.#connection.buffered
    for (const waiting of [this.#queue, this.#held]) for (const { next } of waiting) buffered += next.length
    return buffered
  }

  /** Whether frames of calls have to wait. */
  get full(): boolean {
    return this.#connection.buffered >= HIGH_WATER_MARK
  }

  /** Sends a frame that must not wait: small, and none of a stream that has one waiting. */
  sendNow(frame: FrameData): void {
    if (!this.#closed) this.#connection.send(frame)
  }

  /** Sends a frame of a call; gives a promise where it has to wait for its turn. Never rejects. */
  send(id: string, frame: FrameData, chunked: boolean): Promise<void> | undefined {
    if (this.#closed) return undefined
    const isLong = chunked && needsChunks(frame)
    if (!isLong && this.#queue.length === 0 && !this.full) {
      this.#connection.send(frame)
      return undefined
    }
    const frames = isLong ? toChunks(id, frame) : [frame].values()
    return new Promise((resolve) => {
      const entry: Waiting = { id, isLong, frames, next: frames.next().value as FrameData, resolve }
      if (isLong) {
        this.#held.push(entry)
        this.#admit()
      } else this.#queue.push(entry)
      this.flush()
    })
  }

  /** Takes back what waits of a call, or what is left of it: nobody wants it any more. */
  drop(id: string): void {
    if (this.#queue.length === 0 && this.#held.length === 0) return
    const keep = (entry: Waiting): boolean => {
      if (entry.id !== id) return true
      entry.resolve()
      return false
    }
    this.#queue = this.#queue.filter(keep)
    this.#held = this.#held.filter(keep)
    this.#admit()
  }

  /** Sends what there is room for. */
  flush(): void {
    if (this.#closed || this.#queue.length === 0) return
    this.#poll = this.full ? Math.min(this.#poll * 2, MAX_POLL) : MIN_POLL
    while (!this.full) {
      const entry = this.#queue.shift()
      if (entry === undefined) break
      this.#connection.send(entry.next)
      const { done, value } = entry.frames.next()
      if (done) {
        entry.resolve()
        if (entry.isLong) this.#admit()
      } else {
        entry.next = value
        this.#queue.push(entry)
      }
    }
    clearTimeout(this.#timer)
    this.#timer = this.#queue.length === 0 ? undefined : setTimeout(() => this.flush(), this.#poll)
  }

  /** The connection is gone: nobody waits any more. */
  close(): void {
    this.#closed = true
    clearTimeout(this.#timer)
    for (const { resolve } of [...this.#queue.splice(0), ...this.#held.splice(0)]) resolve()
  }

  /** Lets long frames take turns, as many at a time as the other side puts together. */
  #admit(): void {
    while (this.#held.length > 0 && this.#queue.filter(({ isLong }) => isLong).length < MAX_UNFINISHED) {
      this.#queue.push(this.#held.shift() as Waiting)
    }
  }
}
