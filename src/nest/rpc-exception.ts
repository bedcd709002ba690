import { HttpException } from '@nestjs/common'
import { codeOfStatus, RPC_ERROR, RPCError, type RPCErrorJSON } from '../core/error.ts'

/**
 * An `RPCError` as Nest's filters know errors: they find it as an `HttpException` and as an `RPCError`, and Nest itself answers
 * with the error in its standard form.
 */
class RPCException extends HttpException {
  readonly code: string
  readonly data: unknown
  readonly defined: boolean

  constructor(error: RPCError) {
    super(error.toJSON(), error.status, error.cause === undefined ? {} : { cause: error.cause })
    this.name = 'RPCError'
    this.code = error.code
    this.data = error.data
    this.defined = error.defined
    this.stack = error.stack ?? ''
    Object.defineProperty(this, RPC_ERROR, { value: true })
  }

  toJSON(): RPCErrorJSON {
    return super.getResponse() as RPCErrorJSON
  }
}

/** What a procedure has thrown, for Nest's filters. */
export function toNestException(error: unknown): unknown {
  return error instanceof RPCError && !(error instanceof HttpException) ? new RPCException(error) : error
}

/** What Nest has thrown, for clients: its own exceptions become errors with their status, message and body. */
export function fromNestException(error: unknown): unknown {
  if (error instanceof RPCError || !(error instanceof HttpException)) return error
  const status = error.getStatus()
  const response = error.getResponse()
  if (status < 400 || status > 599) return error
  const data = typeof response === 'object' && !(response instanceof Error) ? response : undefined
  return new RPCError(codeOfStatus(status), { status, message: error.message, data, cause: error })
}
