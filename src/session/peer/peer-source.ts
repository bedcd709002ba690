import { RPCError, toReceivedError } from '../../core/error.ts'
import { isEventGapData } from '../../event/event-gap.ts'
import type { StreamFrame, StreamSource } from '../../event/resume.ts'
import { formatAbort, formatCredit, type PeerFrame, readEventMeta } from '../../wire/peer.ts'
import type { PeerChannel } from './peer-channel.ts'
import { INITIAL_CREDIT } from './peer-sink.ts'

export interface PeerSourceOptions {
  readonly channel: PeerChannel
  readonly id: string
  /** The most characters that may wait here; more fail the stream. */
  readonly maxWaiting: number
  readonly decode: (message: unknown) => unknown
  /** Is told when the stream is over for its reader. */
  readonly onFinish: () => void
}

interface Waiting {
  readonly frame: PeerFrame
  readonly size: number
}

/** The event frames of one call as a stream: they wait here until they are asked for, and credit follows them back. */
export class PeerSource implements StreamSource {
  readonly #options: PeerSourceOptions
  #waiting: Waiting[] = []
  #waitingSize = 0
  /** What has been read since credit was last given. */
  #consumed = 0
  #resume: (() => void) | undefined
  /** Nothing follows: the stream has ended, or its connection. */
  #complete = false
  /** What the stream fails with once all that waits has been read. */
  #error: RPCError | undefined
  #finished = false

  constructor(options: PeerSourceOptions) {
    this.#options = options
  }

  /** Takes a frame from the connection. */
  push(frame: PeerFrame, size: number): void {
    if (this.#complete) return
    this.#waiting.push({ frame, size })
    this.#waitingSize += size
    if (this.#waitingSize > this.#options.maxWaiting) this.#overflow()
    if (isFinal(frame)) this.#complete = true
    this.#wake()
  }

  /** The connection is gone. What waits can still be read. @param error why there will be no other, if so. */
  end(error?: RPCError): void {
    this.#complete = true
    this.#error = error
    this.#wake()
  }

  async next(): Promise<StreamFrame | undefined> {
    while (this.#waiting.length === 0 && !this.#complete) {
      await new Promise<void>((resolve) => {
        this.#resume = resolve
      })
    }
    const entry = this.#waiting.shift()
    if (entry === undefined) return this.#error && { type: 'error', error: this.#error }
    this.#waitingSize -= entry.size
    this.#giveCredit(entry.size)
    const frame = this.#toStreamFrame(entry.frame)
    if (frame.type === 'done' || frame.type === 'error') this.close()
    return frame
  }

  check(): void {
    this.#options.channel.check()
  }

  /** Leaves the stream; its sender is told, unless it has come to its end. */
  close(): void {
    if (this.#finished) return
    this.#finished = true
    const { channel, id, onFinish } = this.#options
    if (!this.#complete) channel.sendNow(formatAbort(id))
    this.#complete = true
    this.#waiting = []
    this.#wake()
    onFinish()
  }

  #overflow(): void {
    this.close()
    this.#error = overflow(this.#options.maxWaiting)
  }

  /** In large helpings: not a frame back for every frame. */
  #giveCredit(size: number): void {
    const { channel, id } = this.#options
    this.#consumed += size
    if (!channel.extended || this.#complete || this.#consumed < INITIAL_CREDIT / 2) return
    channel.sendNow(formatCredit(id, this.#consumed))
    this.#consumed = 0
  }

  #wake(): void {
    this.#resume?.()
    this.#resume = undefined
  }

  #toStreamFrame({ payload }: PeerFrame): StreamFrame {
    const { e: event = 'message', d: message = {} } = payload
    try {
      const meta = readEventMeta(payload['m'])
      switch (event) {
        case 'message':
          return { type: 'event', value: this.#options.decode(message), meta }
        case 'done':
          return { type: 'done', value: this.#options.decode(message) }
        case 'error':
          return { type: 'error', error: toReceivedError(this.#options.decode(message)) }
        case 'position':
          return { type: 'alive', meta }
        case 'gap': {
          const gap = this.#options.decode(message)
          return isEventGapData(gap) ? { type: 'gap', gap, meta } : { type: 'alive' }
        }
        default:
          return { type: 'alive' }
      }
    } catch (error) {
      return { type: 'error', error }
    }
  }
}

function isFinal({ payload }: PeerFrame): boolean {
  return payload['e'] === 'done' || payload['e'] === 'error'
}

function overflow(limit: number): RPCError {
  return new RPCError('PAYLOAD_TOO_LARGE', {
    message: `Events came faster than they were read: more than ${limit} characters waited`,
  })
}
