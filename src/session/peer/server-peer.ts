import { RPCError, toRPCError } from '../../core/error.ts'
import { LateAbort } from '../../core/late-abort.ts'
import type { EventSource } from '../../event/event-iterator.ts'
import { ResumableStream } from '../../event/resume.ts'
import type { Context } from '../../server/middleware.ts'
import {
  FrameType,
  formatControl,
  formatEventFrame,
  formatResponse,
  HELLO_URL,
  joinBytes,
  type PeerFrame,
  type PeerHeaders,
} from '../../wire/peer.ts'
import { EventStreamBody } from '../event-stream-body.ts'
import type { OpenConnection } from '../open-work.ts'
import { type RequestSession, serveRequest } from '../serve-request.ts'
import type { ServerRequest, ServerResponse } from '../server-request.ts'
import { Authentication, type AuthenticationListener, type AuthenticationOptions } from './authentication.ts'
import { CloseCode, type Connection } from './connection.ts'
import { beatInterval, PeerChannel, type PeerListener } from './peer-channel.ts'
import { PeerRequest } from './peer-request.ts'
import { INITIAL_CREDIT, PeerSink } from './peer-sink.ts'
import { PeerSource } from './peer-source.ts'

/** What all connections of a handler have in common. */
export interface PeerSession extends RequestSession {
  readonly maxFrameSize: number
  readonly maxCalls: number
  /** How long a peer may take to answer a heartbeat, in ms. */
  readonly heartbeatTimeout: number
  readonly decodeMessage: (message: unknown) => unknown
}

export interface ServerPeerOptions extends AuthenticationOptions {
  /** Whether the other side has said already, by its subprotocol, that it speaks `headwater.1`. */
  readonly extended: boolean
  /** Whether the context was forgotten in a sleep: calls that bring none of their own have to be made elsewhere. */
  readonly contextLost: boolean
  readonly onClose: () => void
}

/** A call that is under way. */
interface ServerCall {
  readonly left: LateAbort
  source?: PeerSource
  sink?: PeerSink
}

/** One connection on the server's side: its calls, each a request to the session. */
export class ServerPeer implements OpenConnection, PeerListener, AuthenticationListener {
  readonly #session: PeerSession
  readonly #channel: PeerChannel
  readonly #authentication: Authentication
  readonly #calls = new Map<string, ServerCall>()
  readonly #options: ServerPeerOptions
  #awake: ReturnType<typeof setInterval> | undefined
  #onGone: (() => void) | undefined
  /** What the calls of the frame that is being taken get, where the runtime gives it with each message. */
  #context: Context | undefined

  constructor(session: PeerSession, connection: Connection, options: ServerPeerOptions) {
    this.#session = session
    this.#options = options
    this.#channel = new PeerChannel(connection, session, this)
    this.#authentication = new Authentication(options, this)
    if (options.extended) this.#extend()
  }

  get calls(): number {
    return this.#calls.size
  }

  get buffered(): number {
    return this.#channel.buffered
  }

  get extended(): boolean {
    return this.#channel.extended
  }

  /** Takes what the connection has received. @param context for this message's calls, instead of the connection's. */
  receive(data: string | Uint8Array<ArrayBuffer>, context?: Context): void {
    this.#context = context
    this.#channel.receive(data)
    this.#context = undefined
  }

  /** The transport has seen a sign of life. */
  heard(): void {
    this.#channel.heard()
  }

  beat(): void {
    this.#authentication.check()
    this.#channel.beat()
  }

  /** The connection is gone: its calls are over. */
  close(): void {
    this.#channel.close(CloseCode.DONE, '')
  }

  /** Asks the other side to go elsewhere; the connection ends when no call is under way. */
  drain(): void {
    if (!this.#channel.extended) {
      this.#endDrained()
      return
    }
    if (this.#onGone !== undefined) return
    // The client closes: it alone knows when nothing that it has sent is still on its way.
    const { drain } = this.#session
    drain.begin()
    this.#onGone = () => drain.end()
    this.#channel.sendNow(formatControl(FrameType.DRAIN))
  }

  /** Sends the other side elsewhere. */
  end(): void {
    this.#channel.fail(CloseCode.DRAINED, 'This server is about to stop')
  }

  onProven(): void {
    if (this.#channel.extended) this.#sayHello()
  }

  onRefused(code: number, reason: string): void {
    this.#channel.fail(code, reason)
  }

  onClose(): void {
    this.#onGone?.()
    this.#mayFallAsleep()
    this.#authentication.close()
    for (const id of [...this.#calls.keys()]) this.#abort(id)
    this.#options.onClose()
  }

  onFrame(frame: PeerFrame, size: number): void {
    const { id, type, payload } = frame
    const call = this.#calls.get(id)
    switch (type) {
      case undefined:
      case FrameType.REQUEST:
        this.#takeRequest(frame, this.#context)
        break
      case FrameType.EVENT:
        call?.source?.push(frame, size)
        break
      case FrameType.ABORT:
        this.#channel.forget(id)
        this.#abort(id)
        break
      case FrameType.CREDIT:
        call?.sink?.addCredit(payload['n'])
        break
      default:
        // Later versions may say more to each other; a plain peer has nothing else to say.
        if (!this.#channel.extended)
          throw new RPCError('BAD_REQUEST', { message: `Frames of type ${type} are not known` })
    }
  }

  #takeRequest(frame: PeerFrame, context: Context | undefined): void {
    const { id } = frame
    if (this.#options.contextLost && context === undefined) {
      this.#channel.fail(CloseCode.CONTEXT_LOST, 'The context of this connection is gone: connect again')
      return
    }
    const call: ServerCall = { left: new LateAbort() }
    const request = new PeerRequest(frame, call.left, this, () => this.#receiveStream(id, call))
    if (request.url === HELLO_URL) {
      if (!this.#channel.extended) this.#extend()
      if (this.#session.drain.started) this.drain()
      // Without headers it only introduces the client, whose first call may prove who it is.
      if (frame.payload['h'] !== undefined) this.#authentication.present(request.headers())
      return
    }
    this.#authentication.check()
    if (this.#channel.closed) return
    if (this.#calls.has(id)) {
      throw new RPCError('CONFLICT', { message: `The id ${id} belongs to a call that is under way` })
    }
    if (this.#calls.size >= this.#session.maxCalls) {
      const message = `More than ${this.#session.maxCalls} calls are under way on this connection`
      void this.#send(id, this.#session.codec.encodeError(new RPCError('TOO_MANY_REQUESTS', { message })))
      return
    }
    this.#authentication.presentFirst(request)
    this.#calls.set(id, call)
    this.#stayAwake()
    void this.#serve(id, call, request, context)
  }

  /** Never rejects: what becomes of a request is an answer, and whether that arrives is the connection's affair. */
  async #serve(id: string, call: ServerCall, request: ServerRequest, own: Context | undefined): Promise<void> {
    this.#session.drain.begin()
    try {
      // Where nobody has to prove anything, a call starts within the tick in which it came.
      const context = own ?? this.#authentication.context ?? (await this.#authentication.proven)
      const response = await serveRequest(this.#session, { request, prefix: '', context })
      if (response?.body instanceof EventStreamBody) {
        await this.#openStream(id, call, response, response.body)
        return
      }
      const sending = call.left.aborted ? undefined : this.#send(id, response)
      if (sending !== undefined) await sending
    } catch {
      // The connection was closed before its client had proven who it is.
    }
    this.#finish(id, call)
  }

  #finish(id: string, call: ServerCall): void {
    const { drain } = this.#session
    if (this.#calls.get(id) === call) {
      this.#calls.delete(id)
      call.source?.close()
      this.#channel.forget(id)
    }
    if (this.#calls.size === 0) this.#mayFallAsleep()
    if (drain.started && !this.#channel.extended) this.#endDrained()
    drain.end()
  }

  /** While a call is under way, heartbeats keep a process awake that might sleep through it. */
  #stayAwake(): void {
    if (this.#options.hibernates) this.#awake ??= setInterval(() => this.beat(), beatInterval(this.#session.heartbeat))
  }

  #mayFallAsleep(): void {
    clearInterval(this.#awake)
    this.#awake = undefined
  }

  /** Resolves when the stream has begun: who waited for its end would keep the request for as long, perhaps for hours. */
  async #openStream(id: string, call: ServerCall, response: ServerResponse, body: EventStreamBody): Promise<void> {
    const { left } = call
    if (!left.aborted) {
      const head = formatResponse({ id, status: 200, headers: toPeerHeaders(response), body: undefined })
      await this.#channel.send(id, head)
    }
    if (!left.aborted && body.hibernate !== undefined) {
      this.#hibernate(id, body.hibernate)
      this.#finish(id, call)
      return
    }
    const sink = new PeerSink(this.#channel, id)
    call.sink = sink
    void body.pipe(sink).then(async () => {
      await sink.sent
      this.#finish(id, call)
    })
  }

  /** From here on the stream is the application's: it must not be left open by one that has failed to take it. */
  #hibernate(id: string, onHibernate: (id: string) => void): void {
    try {
      onHibernate(id)
    } catch (error) {
      this.#channel.sendNow(formatEventFrame(id, 'error', this.#session.codec.formatEvent(toRPCError(error).toJSON())))
    }
  }

  #send(id: string, response: ServerResponse | undefined): Promise<void> | undefined {
    const { status = 404, body } = response ?? {}
    if (typeof body === 'object') return this.#sendBytes(id, response as ServerResponse)
    // A request that asks for no procedure is answered as the reference implementation does.
    const text = response === undefined ? '"No procedure matched"' : body
    return this.#channel.send(id, formatResponse({ id, status, headers: toPeerHeaders(response), body: text }))
  }

  async #sendBytes(id: string, response: ServerResponse): Promise<void> {
    const body = response.body as BodyInit
    const form = new Response(body)
    const contentType = body instanceof FormData ? { 'content-type': form.headers.get('content-type') ?? '' } : {}
    const headers = { ...toPeerHeaders(response), ...contentType }
    const json = formatResponse({ id, status: response.status, headers, body: undefined })
    await this.#channel.send(id, joinBytes(json, new Uint8Array(await form.arrayBuffer())))
  }

  /** A stream that the client sends with its call: it cannot be opened again, so its end without `done` is an error. */
  #receiveStream(id: string, call: ServerCall): EventSource {
    const { decodeMessage: decode, maxFrameSize } = this.#session
    const maxWaiting = INITIAL_CREDIT + maxFrameSize
    call.source = new PeerSource({ channel: this.#channel, id, maxWaiting, decode, onFinish: () => {} })
    const open = (): Promise<never> => Promise.reject(new Error('A call is made once'))
    const stream = new ResumableStream({ open, mode: false, signal: call.left.signal })
    stream.adopt(call.source)
    return stream
  }

  #abort(id: string): void {
    const call = this.#calls.get(id)
    if (call === undefined) return
    this.#calls.delete(id)
    call.left.abort(new RPCError('CLIENT_CLOSED_REQUEST', { message: 'The client has left' }))
    call.source?.end()
    call.sink?.close()
  }

  #extend(): void {
    this.#channel.extend()
    this.#sayHello()
  }

  #sayHello(): void {
    const { heartbeat } = this.#session
    this.#channel.sendNow(formatControl(FrameType.HELLO, { heartbeat, expires: this.#authentication.expiresIn }))
  }

  #endDrained(): void {
    if (this.#calls.size === 0) this.end()
  }
}

/** Headers that say nothing over a connection: JSON is what messages are, and no proxy holds anything back. */
const IMPLIED_HEADERS: readonly string[] = ['cache-control', 'x-accel-buffering']

function toPeerHeaders(response: ServerResponse | undefined): PeerHeaders {
  const headers: Record<string, string | readonly string[]> = {}
  for (const name in response?.headers) {
    const value = response.headers[name] as string | readonly string[]
    const isImplied = IMPLIED_HEADERS.includes(name) || (name === 'content-type' && value === 'application/json')
    if (!isImplied) headers[name] = value
  }
  return headers
}
