import type { EventMeta } from '../../event/event-meta.ts'
import { formatEventFrame, type PeerEvent } from '../../wire/peer.ts'
import type { EventSink } from '../event-stream-body.ts'
import type { PeerChannel } from './peer-channel.ts'

/** What a receiver takes of a stream before its application has taken any, in characters. */
export const INITIAL_CREDIT: number = 256 * 1024

/** Writes a stream as frames of a connection: as fast as that takes them and the receiver has given credit for. */
export class PeerSink implements EventSink {
  readonly #channel: PeerChannel
  readonly #id: string
  #credit = INITIAL_CREDIT
  /** The frame that waits for its turn. */
  #sending: Promise<void> | undefined
  #sendingLength = 0
  #resume: (() => void) | undefined

  constructor(channel: PeerChannel, id: string) {
    this.#channel = channel
    this.#id = id
  }

  open(): void {}

  event(data: string, meta: EventMeta | undefined): void {
    this.#sendFrame(formatOnce(this.#id, data, meta))
  }

  position(id: string): void {
    if (this.#channel.extended) this.#channel.sendNow(formatEventFrame(this.#id, 'position', undefined, { id }))
  }

  gap(data: string, after: string | undefined): boolean {
    if (!this.#channel.extended) return false
    this.#channel.sendNow(formatEventFrame(this.#id, 'gap', data, after === undefined ? undefined : { id: after }))
    return true
  }

  done(data: string): void {
    this.#send('done', data)
  }

  error(data: string): void {
    this.#send('error', data)
  }

  beat(): void {}

  get buffered(): number {
    return this.#sending === undefined ? 0 : this.#sendingLength
  }

  get full(): boolean {
    return this.#sending !== undefined || this.#credit <= 0
  }

  /** Resolves when everything that was written has gone out. */
  get sent(): Promise<void> {
    return this.#sending ?? Promise.resolve()
  }

  async drained(): Promise<void> {
    await this.#sending
    this.#sending = undefined
    if (this.#credit <= 0 && !this.#channel.closed) {
      await new Promise<void>((resolve) => {
        this.#resume = resolve
      })
    }
  }

  /** The receiver takes so many more characters. What is no such number is passed over. */
  addCredit(characters: unknown): void {
    if (!Number.isSafeInteger(characters) || (characters as number) < 0) return
    this.#credit += characters as number
    if (this.#credit > 0) this.close()
  }

  /** Ends a wait for credit: it has come, or never will. */
  close(): void {
    this.#resume?.()
    this.#resume = undefined
  }

  #send(event: PeerEvent, data: string): void {
    this.#sendFrame(formatEventFrame(this.#id, event, data))
  }

  #sendFrame(frame: string): void {
    if (this.#channel.extended) this.#credit -= frame.length
    this.#sendingLength = frame.length
    this.#sending = this.#channel.send(this.#id, frame)
  }
}

interface LastFrame {
  readonly id: string
  readonly data: string
  readonly meta: EventMeta | undefined
  readonly frame: string
}

/** The last event that any stream has sent: where clients count their calls alike, those of a channel send the same. */
let last: LastFrame | undefined

function formatOnce(id: string, data: string, meta: EventMeta | undefined): string {
  if (last === undefined || last.meta !== meta || last.id !== id || last.data !== data) {
    last = { id, data, meta, frame: formatEventFrame(id, 'message', data, meta) }
  }
  return last.frame
}
