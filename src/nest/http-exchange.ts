import { type ExecutionContext, HttpException } from '@nestjs/common'
import { intercept } from '../core/interceptor.ts'
import { type EventSource, isEventSource } from '../event/event-iterator.ts'
import { leaveStream } from '../event/leave-stream.ts'
import type { OpenAPIMatch } from '../openapi/route-table.ts'
import type { Procedure } from '../server/procedure.ts'
import { type IncomingCall, type RequestSession, runCall } from '../session/serve-request.ts'
import type { ServerResponse } from '../session/server-request.ts'
import type { Exchange } from './exchange.ts'
import { implementedBy } from './implemented.ts'
import { type ContextSource, createContext } from './nest-call.ts'
import { PluginOutput, StreamOutput } from './outputs.ts'
import { type PlatformRequest, type PlatformResponse, readPlatformRequest } from './platform.ts'
import { readParams } from './route-pattern.ts'
import { toNestException } from './rpc-exception.ts'

export interface HTTPExchangeOptions {
  readonly request: PlatformRequest
  readonly response: PlatformResponse
  readonly execution: ExecutionContext
  readonly session: RequestSession
  readonly context: ContextSource | undefined
}

/** A request to the route of a procedure. */
export class HTTPExchange implements Exchange {
  readonly response: PlatformResponse
  readonly incoming: IncomingCall
  readonly match: OpenAPIMatch
  /** Whether the procedure has failed with what was not meant for clients. */
  failed = false
  /** Whether its stream has been handed to whoever sends it. */
  sent = false
  /** What plugins add to the answer. */
  addedHeaders: ServerResponse['headers'] = {}
  readonly #options: HTTPExchangeOptions

  constructor(options: HTTPExchangeOptions) {
    const { request, response, execution, session } = options
    const implemented = implementedBy(execution.getHandler())
    if (implemented === undefined) throw new TypeError('Only methods with @Implement() are routes of procedures')
    const { contract, path } = implemented
    this.#options = options
    this.response = response
    this.incoming = { request: readPlatformRequest(request, response, true), prefix: '', context: {}, session }
    const params = readParams(request.params, contract['~headwater'].route.path ?? '/')
    this.match = { path, procedure: contract as Procedure, params }
  }

  get isDetailed(): boolean {
    return this.match.procedure['~headwater'].route.outputStructure === 'detailed'
  }

  async run(procedure: Procedure): Promise<unknown> {
    try {
      return await this.#run(procedure)
    } catch (error) {
      const exception = toNestException(error)
      this.failed = !(exception instanceof HttpException)
      throw exception
    }
  }

  async #run(procedure: Procedure): Promise<unknown> {
    const { session } = this.#options
    const context = await createContext(this.#options.context, this.#options)
    let output: unknown
    let isCalled = false
    // Nest's interceptors are still to come: plugins see the head of the answer, and none of its body.
    const response = await intercept(session.requestInterceptors, { ...this.incoming, context }, async (incoming) => {
      output = await runCall(incoming, { ...this.match, procedure })
      isCalled = true
      return { status: 200, headers: {}, body: undefined }
    })
    if (!isCalled || response?.body !== undefined) {
      return new PluginOutput(response ?? { status: 404, headers: {}, body: undefined })
    }
    this.addedHeaders = response?.headers ?? {}
    return isEventSource(output) ? this.#hold(output) : output
  }

  /** A stream that does not get as far as being sent is left when the request is over. */
  #hold(source: EventSource): StreamOutput {
    const leave = (): void => {
      if (!this.sent) leaveStream(source)
    }
    const response = this.response.raw ?? this.response
    if (response.closed) leave()
    else response.once('close', leave)
    return new StreamOutput(source)
  }
}
