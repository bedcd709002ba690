export type KnownErrorCode =
  | 'BAD_REQUEST'
  | 'UNAUTHORIZED'
  | 'FORBIDDEN'
  | 'NOT_FOUND'
  | 'METHOD_NOT_SUPPORTED'
  | 'NOT_ACCEPTABLE'
  | 'TIMEOUT'
  | 'CONFLICT'
  | 'EVENT_GAP'
  | 'PRECONDITION_FAILED'
  | 'PAYLOAD_TOO_LARGE'
  | 'UNSUPPORTED_MEDIA_TYPE'
  | 'UNPROCESSABLE_CONTENT'
  | 'TOO_MANY_REQUESTS'
  | 'CLIENT_CLOSED_REQUEST'
  | 'INTERNAL_SERVER_ERROR'
  | 'NOT_IMPLEMENTED'
  | 'BAD_GATEWAY'
  | 'SERVICE_UNAVAILABLE'
  | 'GATEWAY_TIMEOUT'

/** HTTP status of the codes that the protocol knows. */
const STATUSES: Readonly<Record<KnownErrorCode, number>> = {
  BAD_REQUEST: 400,
  UNAUTHORIZED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  METHOD_NOT_SUPPORTED: 405,
  NOT_ACCEPTABLE: 406,
  TIMEOUT: 408,
  CONFLICT: 409,
  EVENT_GAP: 410,
  PRECONDITION_FAILED: 412,
  PAYLOAD_TOO_LARGE: 413,
  UNSUPPORTED_MEDIA_TYPE: 415,
  UNPROCESSABLE_CONTENT: 422,
  TOO_MANY_REQUESTS: 429,
  CLIENT_CLOSED_REQUEST: 499,
  INTERNAL_SERVER_ERROR: 500,
  NOT_IMPLEMENTED: 501,
  BAD_GATEWAY: 502,
  SERVICE_UNAVAILABLE: 503,
  GATEWAY_TIMEOUT: 504,
}

/** Default messages of known codes that say more than the code does. */
const MESSAGES: Readonly<Record<string, string>> = {
  TIMEOUT: 'Request Timeout',
  EVENT_GAP: 'Events after this id can no longer be served',
}

/** Any string is a code; the known ones bring a status and a message with them. */
export type ErrorCode = KnownErrorCode | (string & {})

export interface RPCErrorOptions<Data> {
  /** HTTP status, 400 to 599. Default: that of a known code, else 500. */
  readonly status?: number | undefined
  readonly message?: string | undefined
  /** Travels to the client; anything the serializer can encode. */
  readonly data?: Data | undefined
  /** Stays in this process. */
  readonly cause?: unknown
  /** Whether the procedure's contract declares this error. Set by the library. */
  readonly defined?: boolean | undefined
}

/** The form in which an error crosses the wire. */
export interface RPCErrorJSON<Code extends string = string, Data = unknown> {
  readonly defined: boolean
  readonly code: Code
  readonly status: number
  readonly message: string
  readonly data: Data
}

/** Marks errors that count as `RPCError`, whatever class they are of. */
export const RPC_ERROR: unique symbol = Symbol.for('headwater.RPCError') as never

/**
 * The one error that crosses the wire: a `code`, an HTTP `status`, a `message` and typed `data`.
 *
 * Thrown by handlers, seen by clients. Any other error reaches the client as `INTERNAL_SERVER_ERROR` without its
 * details. `instanceof RPCError` also recognises errors of another installed copy of this package.
 *
 * @throws {RangeError} when `status` is not an error status.
 * @example
 * throw new RPCError('NOT_FOUND', { message: 'No such room', data: { roomId } })
 */
export class RPCError<Code extends string = string, Data = unknown> extends Error {
  readonly code: Code
  readonly status: number
  readonly data: Data
  readonly defined: boolean

  constructor(code: Code, options: RPCErrorOptions<Data> = {}) {
    const known = statusOf(code)
    const message = options.message ?? (known === undefined ? code : messageOf(code))
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    const status = options.status ?? known ?? 500
    if (!isErrorStatus(status)) {
      throw new RangeError(`RPCError status must be an integer from 400 to 599, got ${status}`)
    }
    this.name = 'RPCError'
    this.code = code
    this.status = status
    this.data = options.data as Data
    this.defined = options.defined ?? false
    Object.defineProperty(this, RPC_ERROR, { value: true })
  }

  toJSON(): RPCErrorJSON<Code, Data> {
    return { defined: this.defined, code: this.code, status: this.status, message: this.message, data: this.data }
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    // Subclasses keep the language's meaning; only the base class looks past duplicate installs.
    // biome-ignore lint/complexity/noThisInStatic: the receiver is the class on the right of instanceof.
    if (this !== RPCError) return Function.prototype[Symbol.hasInstance].call(this, value)
    return typeof value === 'object' && value !== null && (value as { [RPC_ERROR]?: unknown })[RPC_ERROR] === true
  }
}

function statusOf(code: string): number | undefined {
  return Object.hasOwn(STATUSES, code) ? STATUSES[code as KnownErrorCode] : undefined
}

/** A known code in words: `'Not Found'`. */
function messageOf(code: string): string {
  return (
    MESSAGES[code] ?? code.toLowerCase().replace(/(^|_)(.)/g, (_, gap, letter) => (gap && ' ') + letter.toUpperCase())
  )
}

function isErrorStatus(status: number): boolean {
  return Number.isInteger(status) && status >= 400 && status <= 599
}

/** Any thrown value as an `RPCError`: what is not one becomes `INTERNAL_SERVER_ERROR` with the value as its `cause`. */
export function toRPCError(error: unknown): RPCError {
  if (error instanceof RPCError) return error
  return new RPCError('INTERNAL_SERVER_ERROR', { message: 'Internal server error', cause: error })
}

/** Whether a decoded value has the shape in which errors cross the wire. */
export function isRPCErrorJSON(value: unknown): value is RPCErrorJSON {
  if (typeof value !== 'object' || value === null) return false
  const { code, status, message, defined } = value as Partial<Record<keyof RPCErrorJSON, unknown>>
  return (
    typeof code === 'string' &&
    typeof status === 'number' &&
    isErrorStatus(status) &&
    typeof message === 'string' &&
    typeof defined === 'boolean'
  )
}

/** The error that the other side threw, as this side throws it. */
export function fromRPCErrorJSON(json: RPCErrorJSON): RPCError {
  // Whatever else is in there: a cause stays where it is.
  return new RPCError(json.code, { ...json, cause: undefined })
}

/** What the other side sent as its error: one of ours, or something else as the data of one. */
export function toReceivedError(value: unknown): RPCError {
  return isRPCErrorJSON(value) ? fromRPCErrorJSON(value) : new RPCError('INTERNAL_SERVER_ERROR', { data: value })
}

/** The known code of an HTTP status, for answers that carry no error of ours. */
export function codeOfStatus(status: number): KnownErrorCode {
  const codes = Object.keys(STATUSES) as KnownErrorCode[]
  const fallback = status < 500 ? 'BAD_REQUEST' : 'INTERNAL_SERVER_ERROR'
  return codes.find((code) => STATUSES[code] === status && code !== 'EVENT_GAP') ?? fallback
}
