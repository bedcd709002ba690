import { RPCError } from '../../core/error.ts'
import { ChunkAssembler, type FrameData } from '../../wire/chunks.ts'
import { FrameType, formatControl, type PeerFrame, parseFrame } from '../../wire/peer.ts'
import { CloseCode, type Connection } from './connection.ts'
import { Outbox } from './outbox.ts'

/** What both sides hold each other to. */
export interface PeerLimits {
  /** Longest frame that is accepted, in characters or bytes. */
  readonly maxFrameSize: number
  /** Silence, in ms, after which the other side is asked for a sign of life, or given one. */
  readonly heartbeat: number
  /** How long it may take to answer, in ms. */
  readonly heartbeatTimeout: number
}

export interface PeerListener {
  /** Takes the frames of calls, each with its size in characters. @throws {RPCError} what closes the connection. */
  onFrame(frame: PeerFrame, size: number): void
  /** Is told once, when the connection is gone, whoever closed it. */
  onClose(code: number, reason: string): void
}

/** How often `beat()` wants to be called at least, in ms, for a heartbeat of so many. */
export function beatInterval(heartbeat: number): number {
  return Math.max(10, Math.min(1000, heartbeat / 5))
}

/**
 * The frames of one connection, for the peer on either side: parsed and put together, sent in turns, and a watch over
 * whether the other side is still there.
 */
export class PeerChannel {
  readonly #connection: Connection
  readonly #limits: PeerLimits
  readonly #listener: PeerListener
  readonly #assembler: ChunkAssembler
  readonly #outbox: Outbox
  #heartbeat: number
  #heardAt = performance.now()
  #saidAt = performance.now()
  /** Whether the other side speaks `headwater.1`, too. */
  #extended = false
  /** Whether the other side was asked who it is, and has not said a word since: even one of another kind answers. */
  #asked = false
  #closed = false

  constructor(connection: Connection, limits: PeerLimits, listener: PeerListener) {
    this.#connection = connection
    this.#limits = limits
    this.#listener = listener
    this.#assembler = new ChunkAssembler(limits.maxFrameSize)
    this.#outbox = new Outbox(connection)
    this.#heartbeat = limits.heartbeat
  }

  get extended(): boolean {
    return this.#extended
  }

  get closed(): boolean {
    return this.#closed
  }

  /** Bytes that have not left this process, as far as the connection knows. */
  get buffered(): number {
    return this.#outbox.buffered
  }

  /** The other side speaks `headwater.1`. @param heartbeat the one that it keeps. */
  extend(heartbeat: number = this.#heartbeat): void {
    this.#extended = true
    this.#heartbeat = heartbeat
  }

  /** Takes what the connection has received. Whatever is wrong with it closes the connection; never throws. */
  receive(data: FrameData): void {
    if (this.#closed) return
    this.#asked = false
    this.heard()
    try {
      this.#take(data)
    } catch (error) {
      this.fail(closeCodeOf(error), error instanceof Error ? error.message : String(error))
    }
  }

  /** There was a sign of life. */
  heard(): void {
    this.#heardAt = performance.now()
  }

  /** Sends a frame of a call; gives a promise where it has to wait for its turn. */
  send(id: string, frame: FrameData): Promise<void> | undefined {
    this.#saidAt = performance.now()
    return this.#outbox.send(id, frame, this.#extended)
  }

  /** Sends a small frame past those that wait. */
  sendNow(frame: FrameData): void {
    this.#saidAt = performance.now()
    this.#outbox.sendNow(frame)
  }

  /** Asks the other side who it is, by a frame that everybody answers. */
  ask(frame: FrameData): void {
    this.#asked = true
    this.sendNow(frame)
  }

  /** A call is over: nothing of it is sent any more, and what has come of it in chunks is forgotten. */
  forget(id: string): void {
    this.#assembler.delete(id)
    this.#outbox.drop(id)
  }

  /** Keeps the connection alive, and ends it when the other side is not there any more. */
  beat(): void {
    if (this.#closed) return
    this.check()
    const now = performance.now()
    const isQuiet = now - this.#heardAt >= this.#heartbeat
    if (this.#extended && (isQuiet || now - this.#saidAt >= this.#heartbeat)) {
      this.sendNow(formatControl(FrameType.PING))
    } else if (isQuiet) this.#connection.ping?.()
  }

  /** Ends a connection that has been silent for too long. One that cannot be asked for a sign of life may be silent. */
  check(): void {
    const canAsk = this.#extended || this.#asked || this.#connection.ping !== undefined
    const limit = this.#heartbeat + this.#limits.heartbeatTimeout - beatInterval(this.#heartbeat)
    if (!this.#closed && canAsk && performance.now() - this.#heardAt >= limit) {
      this.fail(CloseCode.SILENT, 'No sign of life')
    }
  }

  /** Closes the connection. */
  fail(code: number, reason: string): void {
    if (this.#closed) return
    if (this.#extended && this.#connection.closesSilently) {
      this.sendNow(formatControl(FrameType.CLOSE, { code, reason }))
    }
    this.close(code, reason)
    if (code === CloseCode.SILENT && this.#connection.terminate !== undefined) this.#connection.terminate()
    // A close frame takes 123 bytes of reason (RFC 6455, section 5.5).
    else this.#connection.close(code, reason.replace(/[^ -~]/g, '?').slice(0, 123))
  }

  /** The connection is gone. */
  close(code: number, reason: string): void {
    if (this.#closed) return
    this.#closed = true
    this.#outbox.close()
    this.#listener.onClose(code, reason)
  }

  #take(data: FrameData): void {
    const { maxFrameSize } = this.#limits
    if (data.length > maxFrameSize) {
      throw new RPCError('PAYLOAD_TOO_LARGE', { message: `A frame has more than ${maxFrameSize} bytes` })
    }
    const whole = this.#assembler.take(data)
    if (whole === undefined) return
    const frame = parseFrame(whole)
    if (frame.type === FrameType.PING) this.#answerPing()
    else if (frame.type === FrameType.CLOSE) this.#takeClose(frame.payload)
    else if (frame.type !== FrameType.PONG) this.#listener.onFrame(frame, whole.length)
  }

  /** What waits to be sent is a sign of life by itself, and who only asks must not fill the connection with answers. */
  #answerPing(): void {
    if (!this.#outbox.full) this.sendNow(formatControl(FrameType.PONG))
  }

  /** The other side has closed a connection whose transport does not tell. */
  #takeClose({ code, reason }: PeerFrame['payload']): void {
    this.close(typeof code === 'number' ? code : CloseCode.DONE, typeof reason === 'string' ? reason : '')
    this.#connection.close(CloseCode.DONE, '')
  }
}

function closeCodeOf(error: unknown): number {
  if (!(error instanceof RPCError)) return CloseCode.MALFORMED
  return error.code === 'PAYLOAD_TOO_LARGE' ? CloseCode.TOO_LARGE : 4000 + Math.min(error.status, 499)
}
