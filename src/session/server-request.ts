import { RPCError } from '../core/error.ts'
import type { EventSource } from '../event/event-iterator.ts'
import type { EventStreamBody } from './event-stream-body.ts'
import type { OpenConnection } from './open-work.ts'

/** A request as a transport has received it. */
export interface ServerRequest {
  readonly method: string
  /** Path and query, as they were sent. */
  readonly url: string
  /** @param name in lower case. */
  header(name: string): string | undefined
  headers(): Headers
  /**
   * The whole body.
   *
   * @throws {RPCError} `PAYLOAD_TOO_LARGE` when it has more than `limit` bytes.
   */
  body(limit: number): Promise<Uint8Array<ArrayBuffer>>
  /** The body, where the transport has taken it apart already; `body()` and `stream()` are then not asked. */
  readonly received?: ReceivedBody | undefined
  /** The body as it comes in, however long. */
  stream(): ReadableStream<Uint8Array>
  /** The connection that it came by, where that carries many. */
  readonly connection?: OpenConnection | undefined
  /** Aborts when the client leaves before it has the whole answer. */
  readonly signal: AbortSignal
}

/** What a transport of whole messages has received as a body. */
export type ReceivedBody =
  | { readonly message: unknown }
  | { readonly form: FormData }
  | { readonly stream: EventSource }

/** An answer for a transport to send. */
export interface ServerResponse {
  readonly status: number
  /** Names in lower case; a list where a header is sent several times. */
  readonly headers: Readonly<Record<string, string | readonly string[]>>
  readonly body: string | Uint8Array<ArrayBuffer> | Blob | FormData | EventStreamBody | undefined
}

/** What a body over its limit is refused with. */
export function bodyTooLarge(limit: number): RPCError {
  return new RPCError('PAYLOAD_TOO_LARGE', { message: `The body has more than ${limit} bytes` })
}
