import type { Link } from '../client/link.ts'
import type { CallOptions } from '../contract/procedure-client.ts'
import type { BackoffOptions } from '../core/backoff.ts'
import { RPCError } from '../core/error.ts'
import { type ConnectionState, type ConnectionStore, ConnectionSummary } from '../event/connection-state.ts'
import { ResumableStream, type ResumeMode, type StreamSource } from '../event/resume.ts'
import { toEventIdHeader } from '../wire/event-id-header.ts'
import type { ClientCodec, ClientRequest } from './client-codec.ts'
import { EventStreamSource } from './event-stream-source.ts'

/** A value, or a function that is asked for it before every request, the reconnects of a stream included. */
export type PerRequest<Value, ClientContext> =
  | Value
  | ((options: CallOptions<ClientContext>, path: readonly string[]) => Value | Promise<Value>)

export interface RequestLinkOptions<ClientContext> {
  /** Where the handler listens, its prefix included. In a page it may be relative. */
  readonly url: PerRequest<string | URL, ClientContext>
  readonly headers?: PerRequest<Readonly<Record<string, string | undefined>> | Headers, ClientContext> | undefined
  /** Default: the global `fetch`. */
  readonly fetch?: ((url: string, init: RequestInit) => Promise<Response>) | undefined
  /** What happens when a stream is cut. Default `true`: it resumes. */
  readonly resume?: ResumeMode | undefined
  /** How long a stream that was cut waits before it is opened again. */
  readonly backoff?: BackoffOptions | undefined
  /** Longest silence of a stream, in ms, before it counts as cut: the server's heartbeat and some. Default 25,000. */
  readonly silenceTimeout?: number | undefined
}

/** The client's side of a protocol over HTTP: a call is a request, a stream a response that is resumed when cut. */
export class RequestLink<ClientContext> implements Link<ClientContext> {
  readonly #codec: ClientCodec
  readonly #options: RequestLinkOptions<ClientContext>
  readonly #summary = new ConnectionSummary()
  readonly #streams = new Set<ResumableStream>()

  constructor(codec: ClientCodec, options: RequestLinkOptions<ClientContext>) {
    this.#codec = codec
    this.#options = options
  }

  /** The state of this link's streams, all taken together; plain calls do not show in it. */
  get connection(): ConnectionStore {
    return this.#summary
  }

  async call(path: readonly string[], input: unknown, options: CallOptions<ClientContext>): Promise<unknown> {
    const { signal, lastEventId } = options
    signal?.throwIfAborted()
    const send = this.#prepare(path, input, options)
    // Of the call alone: a link cannot know which of its calls are streams, and must not repeat the others.
    if (options.resume === 'always') {
      const stream = this.#createStream(send, options)
      await stream.start()
      return stream
    }
    const response = await send(lastEventId, signal)
    if (!isEventStream(response)) return this.#codec.decodeAnswer(response)
    signal?.throwIfAborted()
    const stream = this.#createStream(send, options)
    stream.adopt(this.#toSource(response))
    return stream
  }

  /** The call as a request that can be sent again; URL and headers are asked for each time. */
  #prepare(path: readonly string[], input: unknown, options: CallOptions<ClientContext>): SendRequest {
    const request = this.#codec.encodeCall(path, input)
    const { fetch = globalThis.fetch } = this.#options
    return async (lastEventId, signal) => {
      const url = joinUrl(await ask(this.#options.url, options, path), request.pathname)
      const headers = toHeaders(request, await ask(this.#options.headers, options, path), lastEventId)
      try {
        const { method, body } = request
        const response = await fetch(url, { method, headers, body, ...(signal === undefined ? {} : { signal }) })
        this.#nudgeStreams()
        return response
      } catch (cause) {
        signal?.throwIfAborted()
        throw new RPCError('CONNECTION_FAILED', { status: 503, message: 'The server could not be reached', cause })
      }
    }
  }

  #createStream(send: SendRequest, options: CallOptions<ClientContext>): ResumableStream {
    const stream: ResumableStream = new ResumableStream({
      open: async (lastEventId, signal) => {
        const response = await send(lastEventId, signal)
        if (isEventStream(response)) return this.#toSource(response)
        await this.#codec.decodeAnswer(response)
        throw new RPCError('BAD_REQUEST', { message: 'Expected a stream of events, got a plain answer' })
      },
      mode: options.resume ?? this.#options.resume ?? true,
      lastEventId: options.lastEventId,
      signal: options.signal,
      backoff: this.#options.backoff,
      onState: (state) => this.#report(stream, state, options),
    })
    this.#streams.add(stream)
    return stream
  }

  #report(stream: ResumableStream, state: ConnectionState, { onConnectionState }: CallOptions<ClientContext>): void {
    if (state.status === 'closed') this.#streams.delete(stream)
    this.#summary.report(stream, state)
    onConnectionState?.(state)
  }

  #toSource(response: Response): StreamSource {
    return new EventStreamSource(response.body ?? new ReadableStream(), {
      silenceTimeout: this.#options.silenceTimeout ?? 25_000,
      parseValue: (data) => this.#codec.parseEvent(data),
      parseError: (data) => this.#codec.parseError(data),
    })
  }

  /** An answer, whatever it says, shows that the server is there: streams that wait to reconnect need wait no longer. */
  #nudgeStreams(): void {
    for (const stream of this.#streams) stream.nudge()
  }
}

type SendRequest = (lastEventId: string | undefined, signal: AbortSignal | undefined) => Promise<Response>

async function ask<Value, ClientContext>(
  value: PerRequest<Value, ClientContext>,
  options: CallOptions<ClientContext>,
  path: readonly string[],
): Promise<Value> {
  if (typeof value !== 'function') return value
  return (value as (...asked: [typeof options, typeof path]) => Value | Promise<Value>)(options, path)
}

function joinUrl(base: string | URL, pathname: string): string {
  const [, front = '', query = ''] = /^([^?#]*)(\?[^#]*)?/.exec(String(base)) ?? []
  return `${front.replace(/\/+$/, '')}${pathname}${query}`
}

function toHeaders(
  request: ClientRequest,
  own: Readonly<Record<string, string | undefined>> | Headers | undefined,
  lastEventId: string | undefined,
): Headers {
  const headers = new Headers(request.headers)
  const entries = own instanceof Headers ? [...own] : Object.entries(own ?? {})
  for (const [name, value] of entries) if (value !== undefined) headers.set(name, value)
  if (lastEventId !== undefined) headers.set('last-event-id', toEventIdHeader(lastEventId))
  return headers
}

function isEventStream(response: Response): boolean {
  return response.status < 400 && (response.headers.get('content-type') ?? '').startsWith('text/event-stream')
}
