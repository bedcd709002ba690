import { onAbort } from '../../core/abort.ts'
import { codeOfStatus, RPCError } from '../../core/error.ts'
import { type EventSource, isEventSource } from '../../event/event-iterator.ts'
import { isRetryable } from '../../event/resume.ts'
import {
  FrameType,
  formatAbort,
  formatRequest,
  HELLO_URL,
  joinBytes,
  type PeerFrame,
  type PeerHeaders,
} from '../../wire/peer.ts'
import type { Answer } from '../call-link.ts'
import type { ClientRequest } from '../client-codec.ts'
import { EventStreamBody } from '../event-stream-body.ts'
import { CloseCode, type Connection } from './connection.ts'
import { PeerChannel } from './peer-channel.ts'
import type { PeerClientCodec } from './peer-client-codec.ts'
import { PeerSink } from './peer-sink.ts'
import { PeerSource } from './peer-source.ts'

export interface ClientPeerOptions {
  readonly codec: PeerClientCodec
  /** Silence, in ms, before the server is asked for a sign of life. Default: what the server says, else 15,000. */
  readonly heartbeat: number | undefined
  readonly heartbeatTimeout: number
  /** The server has named its ways. @param expires ms until the credentials of the connection expire. */
  readonly onHello: (expires: number | undefined) => void
  /** The server is about to stop: everything new has to go elsewhere. */
  readonly onDrain: () => void
  readonly onClose: (refusal: RPCError | undefined) => void
}

/** A call that waits for its answer, or whose stream is open. */
interface ClientCall {
  resolve(answer: Answer | Promise<Answer>): void
  reject(error: unknown): void
  /** Ends the stream that is its input. */
  endInput(): void
  /** Takes its listener off the signal. */
  release(): void
  source?: PeerSource
  sink?: PeerSink
}

/** Until the server names its own. */
export const DEFAULT_HEARTBEAT = 15_000

/** The call with which a client introduces itself; no answer to it is awaited. */
const HELLO_ID = '~'

/** One connection on the client's side: its calls and the streams that came out of them. */
export class ClientPeer {
  readonly #channel: PeerChannel
  readonly #options: ClientPeerOptions
  readonly #calls = new Map<string, ClientCall>()
  #count = 0
  /** The server has asked to be left: with the last call here, that is done. */
  #draining = false
  /** Why this side ends the connection. */
  #reason: RPCError | undefined

  constructor(connection: Connection, options: ClientPeerOptions) {
    this.#options = options
    const { heartbeat = DEFAULT_HEARTBEAT, heartbeatTimeout } = options
    const limits = { heartbeat, heartbeatTimeout, maxFrameSize: Number.POSITIVE_INFINITY }
    this.#channel = new PeerChannel(connection, limits, {
      onFrame: (frame, size) => this.#take(frame, size),
      onClose: (code, reason) => this.#closed(code, reason),
    })
  }

  /** Whether calls have to go elsewhere: the connection is gone, or about to. */
  get closed(): boolean {
    return this.#channel.closed || this.#draining
  }

  /** Says that this client speaks `headwater.1`, and who it is. */
  sayHello(headers: PeerHeaders): void {
    this.#channel.ask(formatRequest({ id: HELLO_ID, url: HELLO_URL, headers, method: 'POST', body: undefined }))
  }

  /** Sends a call. Rejects with `CONNECTION_LOST` when the connection ends before the answer is there. */
  call(request: ClientRequest, headers: PeerHeaders, signal: AbortSignal | undefined): Promise<Answer> {
    const id = (++this.#count).toString(36)
    const left = new AbortController()
    return new Promise((resolve, reject) => {
      const release = onAbort(signal, () => {
        this.#channel.sendNow(formatAbort(id))
        this.#forget(id)
        reject(signal?.reason)
      })
      const call: ClientCall = { resolve, reject, release, endInput: () => left.abort() }
      this.#calls.set(id, call)
      this.#send(id, request, headers).then(
        () => isEventSource(request.body) && this.#sendStream(id, call, request.body, left.signal),
        (error) => this.#fail(id, error),
      )
    })
  }

  receive(data: string | Uint8Array<ArrayBuffer>): void {
    this.#channel.receive(data)
  }

  heard(): void {
    this.#channel.heard()
  }

  beat(): void {
    this.#channel.beat()
  }

  /** Looks at a silent connection now: a timer may not have run while the machine slept. */
  check(): void {
    this.#channel.check()
  }

  /** Closes the connection: what is under way fails for this reason. */
  end(reason?: RPCError): void {
    this.#reason = reason
    this.#channel.fail(CloseCode.DONE, '')
  }

  /** The connection is gone. */
  close(code: number, reason: string): void {
    this.#channel.close(code, reason)
  }

  async #send(id: string, request: ClientRequest, headers: PeerHeaders): Promise<void> {
    const { pathname: url, method, body } = request
    const own = { ...headers, ...withoutJSON(request.headers) }
    if (!(body instanceof FormData) && !(body instanceof Blob)) {
      const text = isEventSource(body) ? undefined : (body ?? '{}')
      await this.#channel.send(id, formatRequest({ id, url, method, headers: own, body: text }))
      return
    }
    const form = new Response(body)
    const contentType = form.headers.get('content-type') ?? ''
    const bytes = new Uint8Array(await form.arrayBuffer())
    if (!this.#calls.has(id)) return
    const json = formatRequest({ id, url, method, headers: { ...own, 'content-type': contentType }, body: undefined })
    await this.#channel.send(id, joinBytes(json, bytes))
  }

  #sendStream(id: string, call: ClientCall, source: EventSource, signal: AbortSignal): void {
    const { codec, heartbeat = DEFAULT_HEARTBEAT } = this.#options
    call.sink = new PeerSink(this.#channel, id)
    void new EventStreamBody(source, { signal, heartbeat, codec }).pipe(call.sink)
  }

  #take(frame: PeerFrame, size: number): void {
    const { id, type, payload } = frame
    const call = this.#calls.get(id)
    switch (type) {
      case undefined:
      case FrameType.RESPONSE:
        if (call?.source === undefined) this.#takeAnswer(frame)
        break
      case FrameType.EVENT:
        call?.source?.push(frame, size)
        break
      case FrameType.ABORT:
        // The server needs no more of the stream that it is sent.
        call?.endInput()
        break
      case FrameType.CREDIT:
        call?.sink?.addCredit(payload['n'])
        break
      case FrameType.HELLO:
        this.#takeHello(payload)
        break
      case FrameType.DRAIN:
        this.#drain()
        break
    }
  }

  #takeAnswer({ id, payload, bytes }: PeerFrame): void {
    const call = this.#calls.get(id)
    if (call === undefined) return
    const { s: status = 200, h: headers, b: message } = payload
    const contentType = contentTypeOf(headers)
    if (status === 200 && contentType.startsWith('text/event-stream')) {
      call.source = this.#openStream(id, call)
      call.resolve({ stream: call.source })
      return
    }
    this.#forget(id)
    const form = bytes && new Response(bytes, { headers: { 'content-type': contentType } })
    const output = this.#options.codec.decodeReceived(Number(status), message, form)
    call.resolve(output.then((output) => ({ output })))
  }

  #openStream(id: string, call: ClientCall): PeerSource {
    return new PeerSource({
      channel: this.#channel,
      id,
      // Credit is the bound; a plain server knows none, and what it has sent must not be lost.
      maxWaiting: Number.POSITIVE_INFINITY,
      decode: (message) => this.#options.codec.decodeEvent(message),
      onFinish: () => {
        if (this.#calls.get(id) === call) this.#forget(id)
      },
    })
  }

  #takeHello({ heartbeat, expires }: PeerFrame['payload']): void {
    const named = typeof heartbeat === 'number' && heartbeat > 0 ? heartbeat : undefined
    this.#channel.extend(this.#options.heartbeat ?? named)
    this.#options.onHello(typeof expires === 'number' ? expires : undefined)
  }

  /** Streams go on elsewhere; calls get their answers here. */
  #drain(): void {
    this.#draining = true
    this.#options.onDrain()
    for (const [id, { source }] of [...this.#calls]) {
      source?.end()
      if (source !== undefined) this.#forget(id)
    }
    if (this.#calls.size === 0) this.end()
  }

  #closed(code: number, reason: string): void {
    const refusal = this.#reason ?? refusalOf(code, reason)
    for (const [id, call] of [...this.#calls]) {
      this.#forget(id)
      if (call.source === undefined) call.reject(refusal ?? connectionLost())
      else call.source.end(isRetryable(refusal) ? undefined : refusal)
    }
    this.#options.onClose(refusal)
  }

  #fail(id: string, error: unknown): void {
    this.#calls.get(id)?.reject(error)
    this.#forget(id)
  }

  #forget(id: string): void {
    const call = this.#calls.get(id)
    this.#calls.delete(id)
    this.#channel.forget(id)
    call?.sink?.close()
    call?.endInput()
    call?.release()
    if (this.#draining && this.#calls.size === 0) this.end()
  }
}

/** What a server means that closes with a code of its own (PROTOCOL.md, "Close codes"); `undefined` for a mere cut. */
function refusalOf(code: number, reason: string): RPCError | undefined {
  if (code >= 4100 && code < 4200) {
    return new RPCError('EVENT_GAP', { message: reason || 'The server has to start over', data: { reason: 'epoch' } })
  }
  if (code < 4400 || code >= 4500) return undefined
  const status = code - 4000
  return new RPCError(codeOfStatus(status), { status, message: reason || 'The server closed the connection' })
}

function connectionLost(): RPCError {
  return new RPCError('CONNECTION_LOST', {
    status: 503,
    message: 'The connection was lost before the answer was there: the call may have been carried out or not',
  })
}

/** JSON is what messages are here. */
function withoutJSON(headers: Readonly<Record<string, string>>): PeerHeaders {
  return headers['content-type'] === 'application/json' ? {} : headers
}

function contentTypeOf(headers: unknown): string {
  const { 'content-type': value } = (headers ?? {}) as { readonly 'content-type'?: unknown }
  return typeof value === 'string' ? value : ''
}
