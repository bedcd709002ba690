import type { Link } from '../client/link.ts'
import type { CallOptions } from '../contract/procedure-client.ts'
import type { BackoffOptions } from '../core/backoff.ts'
import { RPCError } from '../core/error.ts'
import { type Interceptor, intercept } from '../core/interceptor.ts'
import { type ConnectionState, type ConnectionStore, ConnectionSummary } from '../event/connection-state.ts'
import type { EventGapData } from '../event/event-gap.ts'
import { isEventSource } from '../event/event-iterator.ts'
import { leaveStream } from '../event/leave-stream.ts'
import { ResumableStream, type ResumeMode, type StreamSource } from '../event/resume.ts'
import type { RequestInterceptor } from './request-sender.ts'

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
  /** Headers for each request of a call, the reconnects of a stream included; over connections, too. Those of the link win. */
  readonly headers?: ((call: OutgoingCall<ClientContext>) => Readonly<Record<string, string>>) | undefined
  /** Around HTTP requests, of which a call may make several; links over connections make none. */
  readonly requestInterceptor?: RequestInterceptor | undefined
}

/** What the plugins of a link add to the headers of a call's request. */
export function pluginHeaders<ClientContext>(
  plugins: readonly LinkPlugin<ClientContext>[] | undefined,
  call: OutgoingCall<ClientContext>,
): Readonly<Record<string, string>> {
  return Object.assign({}, ...(plugins ?? []).map(({ headers }) => headers?.(call)))
}

export interface CallLinkOptions<ClientContext> {
  /** Steps around every call, the first one outermost. */
  readonly interceptors?: readonly LinkInterceptor<ClientContext>[] | undefined
  readonly plugins?: readonly LinkPlugin<ClientContext>[] | undefined
  /** What happens when a stream is cut. Default `true`: it resumes. */
  readonly resume?: ResumeMode | undefined
  /** Is told of the gaps that streams go on over, after the call's own `onGap`. What it throws fails the stream. */
  readonly onGap?: ((gap: EventGapData, call: OutgoingCall<ClientContext>) => void) | undefined
  /** How long a stream that was cut, or a connection, waits before it is opened again. */
  readonly backoff?: BackoffOptions | undefined
}

/** A call on its way out. */
export interface OutgoingCall<ClientContext> {
  readonly path: readonly string[]
  readonly input: unknown
  readonly options: CallOptions<ClientContext>
}

/** What the other side has answered: a stream that is open, or a value. */
export type Answer = { readonly stream: StreamSource } | { readonly output: unknown }

/** Sends a call, after an event if it is a stream that resumes. Rejects with the error that was answered. */
export type SendCall = (lastEventId: string | undefined, signal: AbortSignal | undefined) => Promise<Answer>

/** The part of a link that knows how calls travel. */
export interface CallTransport<ClientContext> {
  /**
   * Makes a call ready to be sent, a stream's again each time that it is cut.
   *
   * @param onAnswer is told when the other side has answered, whatever it says.
   */
  prepare(call: OutgoingCall<ClientContext>, onAnswer: () => void): SendCall
}

/** The client's side of any transport: interceptors, plugins, and streams that are resumed when cut. */
export class CallLink<ClientContext> implements Link<ClientContext> {
  readonly #transport: CallTransport<ClientContext>
  readonly #options: CallLinkOptions<ClientContext>
  readonly #interceptors: readonly LinkInterceptor<ClientContext>[]
  readonly #summary = new ConnectionSummary()
  readonly #streams = new Set<ResumableStream>()

  constructor(transport: CallTransport<ClientContext>, options: CallLinkOptions<ClientContext>) {
    const { interceptors = [], plugins = [] } = options
    this.#transport = transport
    this.#options = options
    this.#interceptors = [...interceptors, ...plugins.flatMap(({ interceptor }) => interceptor ?? [])]
  }

  /** The state of this link's streams, all taken together; plain calls do not show in it. */
  get connection(): ConnectionStore {
    return this.#summary
  }

  /** Whether streams are open, or waiting to be opened again. */
  protected get hasStreams(): boolean {
    return this.#streams.size > 0
  }

  call(path: readonly string[], input: unknown, options: CallOptions<ClientContext>): Promise<unknown> {
    const onGap = this.#onGapOf({ path, input, options })
    return intercept(this.#interceptors, { ...options, path, input, onGap }, ({ path, input, ...options }) =>
      this.#call({ path, input, options }),
    )
  }

  /** Where plugins see it, too: they may give streams that come from elsewhere. */
  #onGapOf(call: OutgoingCall<ClientContext>): CallOptions['onGap'] {
    const { onGap: onAnyGap } = this.#options
    const { onGap } = call.options
    if (onAnyGap === undefined) return onGap
    return (gap) => {
      onGap?.(gap)
      onAnyGap(gap, call)
    }
  }

  async #call(call: OutgoingCall<ClientContext>): Promise<unknown> {
    const { input, options } = call
    const { signal, lastEventId } = options
    signal?.throwIfAborted()
    const send = this.#transport.prepare(call, () => this.nudge())
    const mode = this.#modeOf(input, options)
    // Of the call alone: a link cannot know which of its calls are streams, and must not repeat the others.
    if (mode === 'always' && options.resume === 'always') {
      const stream = this.#createStream(send, call, mode)
      await stream.start()
      return stream
    }
    const endOpening = this.#reportOpening(options)
    let isStream = false
    try {
      const answer = await send(lastEventId, signal)
      if ('output' in answer) return answer.output
      if (signal?.aborted) answer.stream.close()
      signal?.throwIfAborted()
      const stream = this.#createStream(send, call, mode)
      stream.adopt(answer.stream)
      isStream = true
      return stream
    } finally {
      if (!isStream) leave(input)
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

  #createStream(send: SendCall, call: OutgoingCall<ClientContext>, mode: ResumeMode): ResumableStream {
    const { options } = call
    const stream: ResumableStream = new ResumableStream({
      open: async (lastEventId, signal) => {
        const answer = await send(lastEventId, signal)
        if ('stream' in answer) return answer.stream
        throw new RPCError('BAD_REQUEST', { message: 'Expected a stream of events, got a plain answer' })
      },
      mode,
      lastEventId: options.lastEventId,
      signal: options.signal,
      backoff: this.#options.backoff,
      onState: (state) => this.#report(stream, state, options),
      onGap: (gap) => options.onGap?.(gap),
    })
    this.#streams.add(stream)
    return stream
  }

  #report(stream: ResumableStream, state: ConnectionState, { onConnectionState }: CallOptions<ClientContext>): void {
    if (state.status === 'closed') this.#streams.delete(stream)
    this.#summary.report(stream, state)
    onConnectionState?.(state)
  }

  /** An answer shows that the server is there: streams that wait to reconnect need wait no longer. */
  protected nudge(): void {
    for (const stream of this.#streams) stream.nudge()
  }
}

/** A stream that was the input need not be sent any further once the answer is there. */
function leave(input: unknown): void {
  if (isEventSource(input)) leaveStream(input)
}
