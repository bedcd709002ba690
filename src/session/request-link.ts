import type { Link } from '../client/link.ts'
import type { CallOptions } from '../contract/procedure-client.ts'
import type { BackoffOptions } from '../core/backoff.ts'
import { RPCError } from '../core/error.ts'
import { type Interceptor, intercept } from '../core/interceptor.ts'
import { type ConnectionState, type ConnectionStore, ConnectionSummary } from '../event/connection-state.ts'
import { isEventSource } from '../event/event-iterator.ts'
import { ResumableStream, type ResumeMode, type StreamSource } from '../event/resume.ts'
import type { ClientCodec } from './client-codec.ts'
import { EventStreamSource } from './event-stream-source.ts'
import {
  prepareRequest,
  type RequestInterceptor,
  type RequestSenderOptions,
  type SendRequest,
} from './request-sender.ts'

/** A call as an interceptor sees it. */
export interface LinkInterceptorOptions<ClientContext> extends CallOptions<ClientContext> {
  readonly path: readonly string[]
  readonly input: unknown
}

/** A step around every call of a link. A stream passes it once, when it is opened, and not when it resumes. */
export type LinkInterceptor<ClientContext> = Interceptor<LinkInterceptorOptions<ClientContext>, unknown>

/** What a plugin adds to a link. */
export interface LinkPlugin<ClientContext = any> {
  /** Around calls, behind the interceptors of the link itself. */
  readonly interceptor?: LinkInterceptor<ClientContext> | undefined
  /** Around requests, of which a call may make several. */
  readonly requestInterceptor?: RequestInterceptor | undefined
}

export interface RequestLinkOptions<ClientContext> extends RequestSenderOptions<ClientContext> {
  /** Steps around every call, the first one outermost. */
  readonly interceptors?: readonly LinkInterceptor<ClientContext>[] | undefined
  readonly plugins?: readonly LinkPlugin<ClientContext>[] | undefined
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
  readonly #interceptors: readonly LinkInterceptor<ClientContext>[]
  readonly #requestInterceptors: readonly RequestInterceptor[]
  readonly #summary = new ConnectionSummary()
  readonly #streams = new Set<ResumableStream>()

  constructor(codec: ClientCodec, options: RequestLinkOptions<ClientContext>) {
    const { interceptors = [], plugins = [] } = options
    this.#codec = codec
    this.#options = options
    this.#interceptors = [...interceptors, ...plugins.flatMap(({ interceptor }) => interceptor ?? [])]
    this.#requestInterceptors = plugins.flatMap(({ requestInterceptor }) => requestInterceptor ?? [])
  }

  /** The state of this link's streams, all taken together; plain calls do not show in it. */
  get connection(): ConnectionStore {
    return this.#summary
  }

  call(path: readonly string[], input: unknown, options: CallOptions<ClientContext>): Promise<unknown> {
    return intercept(this.#interceptors, { ...options, path, input }, ({ path, input, ...options }) =>
      this.#call(path, input, options),
    )
  }

  async #call(path: readonly string[], input: unknown, options: CallOptions<ClientContext>): Promise<unknown> {
    const { signal, lastEventId } = options
    signal?.throwIfAborted()
    const send = this.#nudging(
      prepareRequest(this.#codec, this.#options, this.#requestInterceptors, { path, input, options }),
    )
    const mode = this.#modeOf(input, options)
    // Of the call alone: a link cannot know which of its calls are streams, and must not repeat the others.
    if (mode === 'always' && options.resume === 'always') {
      const stream = this.#createStream(send, options, mode)
      await stream.start()
      return stream
    }
    const endOpening = this.#reportOpening(options)
    let isStream = false
    try {
      const response = await send(lastEventId, signal)
      if (!isEventStream(response)) {
        return await this.#codec.decodeAnswer(response).finally(() => leave(input))
      }
      signal?.throwIfAborted()
      const stream = this.#createStream(send, options, mode)
      stream.adopt(this.#toSource(response))
      isStream = true
      return stream
    } finally {
      endOpening?.(isStream)
    }
  }

  /** Shows `connecting` for a call that wants to see states, of which only then it can be known that it is a stream. */
  #reportOpening({ onConnectionState }: CallOptions<ClientContext>): ((isStream: boolean) => void) | undefined {
    if (onConnectionState === undefined) return undefined
    const call = {}
    const connecting: ConnectionState = { status: 'connecting' }
    this.#summary.report(call, connecting)
    onConnectionState(connecting)
    return (isStream) => {
      this.#summary.report(call, { status: 'closed' })
      // A stream reports for itself from now on.
      if (!isStream) onConnectionState({ status: 'closed' })
    }
  }

  /** What a stream was given as its input has been read when it is cut: it cannot be sent again. */
  #modeOf(input: unknown, { resume }: CallOptions<ClientContext>): ResumeMode {
    return isEventSource(input) ? false : (resume ?? this.#options.resume ?? true)
  }

  #createStream(send: SendRequest, options: CallOptions<ClientContext>, mode: ResumeMode): ResumableStream {
    const stream: ResumableStream = new ResumableStream({
      open: async (lastEventId, signal) => {
        const response = await send(lastEventId, signal)
        if (isEventStream(response)) return this.#toSource(response)
        await this.#codec.decodeAnswer(response)
        throw new RPCError('BAD_REQUEST', { message: 'Expected a stream of events, got a plain answer' })
      },
      mode,
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
    })
  }

  /** An answer, whatever it says, shows that the server is there: streams that wait to reconnect need wait no longer. */
  #nudging(send: SendRequest): SendRequest {
    return async (lastEventId, signal) => {
      const response = await send(lastEventId, signal)
      for (const stream of this.#streams) stream.nudge()
      return response
    }
  }
}

/** A stream that was the input need not be sent any further once the answer is there. */
function leave(input: unknown): void {
  if (isEventSource(input)) void input.return?.().catch(() => {})
}

function isEventStream(response: Response): boolean {
  return response.status < 400 && (response.headers.get('content-type') ?? '').startsWith('text/event-stream')
}
