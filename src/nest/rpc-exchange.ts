import type { ExecutionContext } from '@nestjs/common'
import type { ContractProcedure } from '../contract/contract-procedure.ts'
import { codeOfStatus, fromRPCErrorJSON, isRPCErrorJSON, RPCError } from '../core/error.ts'
import { isEventSource } from '../event/event-iterator.ts'
import { leaveStream } from '../event/leave-stream.ts'
import { callProcedure } from '../server/call.ts'
import type { Context } from '../server/middleware.ts'
import type { Procedure } from '../server/procedure.ts'
import type { ServerRequest } from '../session/server-request.ts'
import { deriveRequest } from './derive-request.ts'
import type { Exchange } from './exchange.ts'
import { type ContextSource, createContext } from './nest-call.ts'
import { StreamOutput } from './outputs.ts'
import type { PlatformRequest, PlatformResponse } from './platform.ts'
import { toRequestParts } from './request-parts.ts'
import { toNestException } from './rpc-exception.ts'
import { withNestErrors } from './stream-errors.ts'
import { type HeaderTarget, UnsentResponse } from './unsent-response.ts'

/** Where calls of the RPC protocol come from: a request, or the one that has opened a connection. */
export interface CallOrigin {
  readonly request: PlatformRequest
  /** None over a connection. */
  readonly response?: PlatformResponse | undefined
  /** The request as the session has it: a call in a batch has another. */
  readonly serverRequest?: ServerRequest | undefined
  /** The client, over a connection. */
  readonly socket?: object | undefined
}

export interface RPCCall {
  readonly contract: ContractProcedure
  readonly origin: CallOrigin
  /** The call as a request of its own. */
  readonly serverRequest: ServerRequest
  readonly path: readonly string[]
  readonly input: unknown
  readonly signal: AbortSignal
  readonly lastEventId: string | undefined
  /** What authentication of a connection has given. */
  readonly context: Context
}

/** A call over the RPC protocol. */
export class RPCExchange implements Exchange {
  readonly call: RPCCall
  readonly request: PlatformRequest
  readonly response: UnsentResponse
  readonly #source: ContextSource | undefined
  #execution: ExecutionContext | undefined
  #opened: StreamOutput | undefined

  constructor(call: RPCCall, source: ContextSource | undefined) {
    const { origin, serverRequest, contract, input } = call
    const isAlone = origin.response !== undefined && serverRequest === origin.serverRequest
    this.call = call
    this.#source = source
    this.request = deriveRequest(origin.request, serverRequest, toRequestParts(contract, input))
    this.response = new UnsentResponse(isAlone ? (origin.response as HeaderTarget | undefined) : undefined)
  }

  get type(): 'http' | 'ws' {
    return this.call.origin.response === undefined ? 'ws' : 'http'
  }

  /** Guards have seen it. */
  set execution(execution: ExecutionContext) {
    this.#execution = execution
  }

  async run(procedure: Procedure): Promise<unknown> {
    const { input, signal, lastEventId, path, context } = this.call
    try {
      const execution = this.#execution as ExecutionContext
      const own = await createContext(this.#source, { request: this.request, response: this.response, execution })
      const output = await callProcedure(procedure, {
        input,
        context: { ...own, ...context },
        source: { signal },
        lastEventId,
        path,
      })
      if (!isEventSource(output)) return output
      this.#opened = new StreamOutput(withNestErrors(output, signal))
      return this.#opened
    } catch (error) {
      throw toNestException(error)
    }
  }

  /** Lets go of what has been opened for an output that became another, or an error. */
  end(output?: StreamOutput): void {
    if (this.#opened !== undefined && this.#opened !== output) leaveStream(this.#opened.source)
    this.response.finish()
  }

  /** What a filter has answered instead of the procedure. @throws {RPCError} when that is an error. */
  takeAnswer(): { readonly output: unknown } | undefined {
    const { answer } = this.response
    if (answer === undefined) return undefined
    const { status, body } = answer
    if (status < 400) return { output: body }
    throw toAnsweredError(status, body)
  }
}

/** The error in what a filter has answered. */
function toAnsweredError(status: number, body: unknown): RPCError {
  if (isRPCErrorJSON(body)) return fromRPCErrorJSON(body)
  const text = typeof body === 'object' && body !== null && 'message' in body ? body.message : body
  const message = typeof text === 'string' ? text : undefined
  return new RPCError(codeOfStatus(status), { status: Math.min(status, 599), message, data: body })
}
