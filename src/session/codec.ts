import type { RPCError } from '../core/error.ts'
import type { EventSource } from '../event/event-iterator.ts'
import type { Procedure } from '../server/procedure.ts'
import type { ServerRequest, ServerResponse } from './server-request.ts'

/** The procedure that a request asks for. */
export interface ProcedureMatch {
  readonly path: readonly string[]
  readonly procedure: Procedure
}

/** An output as an answer; the session makes a stream in it into one that can be sent. */
export interface EncodedOutput extends Omit<ServerResponse, 'body'> {
  readonly body: ServerResponse['body'] | EventSource
}

/** A protocol over HTTP: how requests name procedures, how values and errors are written. */
export interface Codec {
  /**
   * `undefined` leaves the request to the rest of the application. A promise where something has to be loaded first; it
   * rejects when that fails.
   */
  match(request: ServerRequest, prefix: string): ProcedureMatch | undefined | Promise<ProcedureMatch | undefined>
  /** The answer to a request that asks for no procedure, though its address is one of the protocol's. */
  refuse?(request: ServerRequest, prefix: string): ServerResponse | undefined
  /** The input, or a promise of it. @throws {RPCError} when the request does not follow the protocol. */
  decodeInput(request: ServerRequest, match: ProcedureMatch): unknown
  encodeOutput(output: unknown, match: ProcedureMatch): EncodedOutput
  /** @param match where it is known what was asked for. */
  encodeError(error: RPCError, match?: ProcedureMatch): ServerResponse
  /** An event's value, or that which ends the stream, as text without line breaks. */
  formatEvent(value: unknown): string
}
