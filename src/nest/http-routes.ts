import type { ExecutionContext } from '@nestjs/common'
import { fromRPCErrorJSON, isRPCErrorJSON, RPCError } from '../core/error.ts'
import { type EventSource, isEventSource } from '../event/event-iterator.ts'
import { writableOf } from '../node/node-request.ts'
import { createOpenAPISession, type OpenAPIHandlerOptions } from '../openapi/openapi-session.ts'
import type { DrainOptions } from '../session/drain.ts'
import { type RequestSession, streamOutput, withoutBody } from '../session/serve-request.ts'
import type { ServerResponse } from '../session/server-request.ts'
import { sendReply } from '../transport/fastify/fastify-reply.ts'
import { sendResponse } from '../transport/node/node-response.ts'
import { openExchange } from './exchange.ts'
import { HTTPExchange } from './http-exchange.ts'
import type { ContextSource } from './nest-call.ts'
import { OpenStreams } from './open-streams.ts'
import { findOutput, PluginOutput, StreamOutput } from './outputs.ts'
import type { PlatformAdapter, PlatformRequest, PlatformResponse } from './platform.ts'
import { withNestErrors } from './stream-errors.ts'

/** What routes of procedures can be told. */
export interface HTTPRoutesOptions extends Omit<OpenAPIHandlerOptions, 'filter'> {
  readonly context?: ContextSource | undefined
}

/** What Nest answers with where no filter knows an error. */
const UNKNOWN_STATUS = 500

/**
 * The routes of procedures on one HTTP adapter: plain HTTP in Nest's own pipeline. Nest finds the route, and hands what comes
 * out of its interceptors to the adapter's `reply()`: from there it is written as the contract says.
 */
export class HTTPRoutes {
  static readonly #known = new WeakMap<PlatformAdapter, HTTPRoutes>()
  readonly #adapter: PlatformAdapter
  readonly #session: RequestSession
  readonly #context: ContextSource | undefined
  readonly #exchanges = new WeakMap<object, HTTPExchange>()
  readonly #open = new OpenStreams()

  /** Those of an application without the module. */
  static of(adapter: PlatformAdapter): HTTPRoutes {
    return HTTPRoutes.#known.get(adapter) ?? new HTTPRoutes(adapter)
  }

  constructor(adapter: PlatformAdapter, { context, ...options }: HTTPRoutesOptions = {}) {
    this.#adapter = adapter
    this.#context = context
    // Nest has found the procedure by then.
    const routing = { match: async () => undefined, methodsAt: () => [] }
    this.#session = createOpenAPISession(routing, options)
    HTTPRoutes.#known.set(adapter, this)
    // Fastify has no names for the rest of a path.
    if (adapter.getType() === 'fastify') adapter.normalizePath = (path) => path.replace(/\*\w+$/, '*')
    const reply = adapter.reply.bind(adapter)
    adapter.reply = (response: PlatformResponse, body: unknown, status?: number) => {
      const exchange = this.#exchanges.get(response)
      if (exchange === undefined || adapter.isHeadersSent(response)) return reply(response, body, status)
      const error = status !== undefined && status >= 400 ? toStandardError(exchange, body, status) : undefined
      if (error !== undefined) return this.#send(exchange, this.#session.codec.encodeError(error))
      if (status !== undefined && status >= 400) return reply(response, body, status)
      return this.#sendOutput(exchange, body)
    }
  }

  /** A request has come to the route of a procedure. */
  open(execution: ExecutionContext): void {
    const request = execution.getArgByIndex<PlatformRequest>(0)
    const response = execution.getArgByIndex<PlatformResponse>(1)
    const exchange = new HTTPExchange({ request, response, execution, session: this.#session, context: this.#context })
    this.#exchanges.set(response, exchange)
    openExchange(request, exchange)
    const { drain } = this.#session
    drain.begin()
    void this.#open.add(writableOf(response.raw ?? response)).then(() => drain.end())
  }

  /** Streams are cut, which their clients resume, new ones are refused, calls finish. */
  async drain(options?: DrainOptions): Promise<void> {
    await this.#session.drain.start(options)
    this.#open.cut()
  }

  #sendOutput(exchange: HTTPExchange, output: unknown): Promise<void> {
    const answered = findOutput(output, PluginOutput)
    if (answered !== undefined) return this.#send(exchange, answered.answer)
    const stream = findOutput(output, StreamOutput)
    return this.#send(
      exchange,
      stream === undefined ? this.#encode(exchange, output) : this.#stream(exchange, stream.source),
    )
  }

  #encode(exchange: HTTPExchange, output: unknown): ServerResponse {
    const { response, match, isDetailed } = exchange
    const { body, ...head } = this.#session.codec.encodeOutput(output, match)
    // `@HttpCode()` and `@Header()` hold here, too.
    const status = isDetailed ? head.status : response.statusCode
    if (isEventSource(body)) return this.#stream(exchange, body, { ...head, status })
    const { 'content-type': type, ...headers } = head.headers
    const keepsType =
      type === undefined || (!isDetailed && this.#adapter.getHeader?.(response, 'content-type') !== undefined)
    return { status, headers: keepsType ? headers : head.headers, body }
  }

  #stream(exchange: HTTPExchange, source: EventSource, head?: Omit<ServerResponse, 'body'>): ServerResponse {
    exchange.sent = true
    const { signal } = exchange.incoming.request
    return streamOutput(exchange.incoming, exchange.match, withNestErrors(source, signal), head)
  }

  #send({ incoming, response, addedHeaders }: HTTPExchange, answer: ServerResponse): Promise<void> {
    const whole = { ...answer, headers: { ...answer.headers, ...addedHeaders } }
    const sent = incoming.request.method === 'HEAD' ? withoutBody(whole) : whole
    return 'raw' in response ? sendReply(response as never, sent) : sendResponse(response, sent)
  }
}

/** The standard error, where Nest answers for one that no filter has answered for. */
function toStandardError(exchange: HTTPExchange, body: unknown, status: number): RPCError | undefined {
  if (isRPCErrorJSON(body)) return fromRPCErrorJSON(body)
  if (!exchange.failed || status !== UNKNOWN_STATUS) return undefined
  const isOfNest = typeof body === 'object' && body !== null && 'statusCode' in body && 'message' in body
  return isOfNest ? new RPCError('INTERNAL_SERVER_ERROR', { message: 'Internal server error' }) : undefined
}
