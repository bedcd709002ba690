import {
  CallLink,
  type CallLinkOptions,
  type CallTransport,
  type OutgoingCall,
  pluginHeaders,
  type SendCall,
} from './call-link.ts'
import type { ClientCodec } from './client-codec.ts'
import { EventStreamSource, type StreamEnd } from './event-stream-source.ts'
import { prepareRequest, type RequestInterceptor, type RequestSenderOptions } from './request-sender.ts'

export interface RequestLinkOptions<ClientContext>
  extends RequestSenderOptions<ClientContext>,
    CallLinkOptions<ClientContext> {
  /** Longest silence of a stream, in ms, before it counts as cut: the server's heartbeat and some. Default 25,000. */
  readonly silenceTimeout?: number | undefined
  /** What the end of a stream's body without `done` is: a cut, or the end, for servers that write none. Default `'cut'`. */
  readonly eof?: StreamEnd | undefined
}

/** The client's side of a protocol over HTTP: a call is a request, a stream a response that is resumed when cut. */
export class RequestLink<ClientContext> extends CallLink<ClientContext> {
  constructor(codec: ClientCodec, options: RequestLinkOptions<ClientContext>) {
    super(new RequestTransport(codec, options), options)
  }
}

class RequestTransport<ClientContext> implements CallTransport<ClientContext> {
  readonly #codec: ClientCodec
  readonly #options: RequestLinkOptions<ClientContext>
  readonly #interceptors: readonly RequestInterceptor[]

  constructor(codec: ClientCodec, options: RequestLinkOptions<ClientContext>) {
    this.#codec = codec
    this.#options = options
    this.#interceptors = (options.plugins ?? []).flatMap(({ requestInterceptor }) => requestInterceptor ?? [])
  }

  prepare(call: OutgoingCall<ClientContext>, onAnswer: () => void): SendCall {
    const moreHeaders = (): Readonly<Record<string, string>> => pluginHeaders(this.#options.plugins, call)
    const send = prepareRequest(this.#codec, this.#options, this.#interceptors, call, moreHeaders)
    return async (lastEventId, signal) => {
      const response = await send(lastEventId, signal)
      onAnswer()
      if (!isEventStream(response)) return { output: await this.#codec.decodeAnswer(response, call.path) }
      const stream = new EventStreamSource(response.body ?? new ReadableStream(), {
        silenceTimeout: this.#options.silenceTimeout ?? 25_000,
        eof: this.#options.eof,
        parseValue: (data) => this.#codec.parseEvent(data),
      })
      return { stream }
    }
  }
}

function isEventStream(response: Response): boolean {
  return response.status < 400 && (response.headers.get('content-type') ?? '').startsWith('text/event-stream')
}
