import { RPCError } from '../../core/error.ts'
import type { ServerError } from './clients.ts'

/** No connection was got: nothing has been sent. */
export class NotConnected extends Error {
  constructor(cause: unknown) {
    super('No connection to Postgres', { cause })
  }
}

/** The server has not answered in time. */
export class NoAnswer extends Error {}

/** Codes of connection errors before anything was sent, of Node.js and of postgres.js. */
const NOT_CONNECTED = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'CONNECT_TIMEOUT']
const ENDED = ['CONNECTION_ENDED']

/** SQLSTATEs with what they mean here; nothing was done. */
const REFUSALS: readonly [state: RegExp, message: string][] = [
  [/^57P03/, 'Postgres is starting up or shutting down'],
  [/^53300/, 'Postgres has no connection left'],
  [/^53/, 'Postgres has run out of disk, memory or another resource'],
  [/^25006/, 'Postgres is read-only here: a log needs the primary'],
  [/^55P03/, 'Another transaction has held the channel for too long'],
  [/^40/, 'Postgres has rolled the statement back; it can be tried again'],
  [/^57014/, 'Postgres has cancelled the statement'],
]

/** SQLSTATEs after which it is unknown whether a statement was committed: the connection or the server has ended. */
const LOST = /^(08|57P0[12]|40003)/

export const isServerError = (error: unknown): error is ServerError =>
  error instanceof Error && 'severity' in error && 'code' in error && typeof error.code === 'string'

/** Whether the connection can be used for more. */
export const isConnectionLost = (error: unknown): boolean => !isServerError(error) || LOST.test(error.code)

/** A driver's error as one that says what is the matter; any other as it is. */
export function explain(error: unknown, doing: 'append' | 'other'): unknown {
  if (error instanceof RPCError) return error
  if (isServerError(error)) {
    if (LOST.test(error.code)) return lost(error, doing)
    const message = REFUSALS.find(([state]) => state.test(error.code))?.[1]
    return message === undefined ? error : unavailable(message, error)
  }
  if (!(error instanceof Error) || error instanceof TypeError) return error
  const code = 'code' in error ? String(error.code) : ''
  if (error instanceof NotConnected) {
    return isServerError(error.cause) ? explain(error.cause, 'other') : unavailable(error.message, error.cause)
  }
  if (NOT_CONNECTED.includes(code)) return unavailable('No connection to Postgres', error)
  if (ENDED.includes(code)) return unavailable('The Postgres client of the log was ended', error)
  const isLost = error instanceof NoAnswer || code !== '' || /connection|closed/i.test(error.message)
  return doing === 'append' || isLost ? lost(error, doing) : error
}

function lost(cause: Error, doing: 'append' | 'other'): RPCError {
  if (doing === 'other')
    return unavailable('The connection to Postgres was lost, or there was no answer in time', cause)
  const message = 'The answer of Postgres was lost: the events may have been appended or not'
  return new RPCError('APPEND_UNKNOWN', { status: 503, message, cause })
}

const unavailable = (message: string, cause: unknown): RPCError =>
  new RPCError('SERVICE_UNAVAILABLE', { message, cause })
