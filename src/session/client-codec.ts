import { codeOfStatus, fromRPCErrorJSON, isRPCErrorJSON, RPCError } from '../core/error.ts'
import { type EventSource, isEventSource } from '../event/event-iterator.ts'
import { decodeMessage, formatEvent, formatMessage, parseFormData, parseMessage, toFormData } from '../wire/message.ts'
import type { Serializer } from '../wire/serializer.ts'

/** What of a call goes into its HTTP request. */
export interface ClientRequest {
  readonly method: string
  /** Behind the link's URL, with a slash in front. */
  readonly pathname: string
  /** Without the question mark. */
  readonly query?: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Blob | FormData | EventSource | undefined
}

/** A protocol over HTTP on the client's side: how calls are written, how answers are read. */
export interface ClientCodec {
  /** @param method may be another in the request, where the input does not fit the one that was asked for. */
  encodeCall(path: readonly string[], input: unknown, method: 'GET' | 'POST'): ClientRequest
  /**
   * The output in an answer.
   *
   * @throws {RPCError} the error in it; `BAD_GATEWAY` when it is neither.
   */
  decodeAnswer(response: Response, path: readonly string[]): Promise<unknown>
  /** @throws {RPCError} `BAD_GATEWAY` when the data is not what the protocol says. */
  parseEvent(data: string): unknown
  /** An event of a stream that the client sends. */
  formatEvent(value: unknown): string
}

/** A protocol over connections, whose messages have been parsed already. */
export interface PeerClientCodec extends Pick<ClientCodec, 'encodeCall' | 'formatEvent'> {
  /** The output in an answer. Throws like `decodeAnswer`. @param form where the answer is one. */
  decodeReceived(status: number, message: unknown, form: Response | undefined): Promise<unknown>
  /** @throws {RPCError} `BAD_GATEWAY` when the message is not what the protocol says. */
  decodeEvent(message: unknown): unknown
}

/** The RPC protocol (PROTOCOL.md) on the client's side. */
export class RPCClientCodec implements ClientCodec, PeerClientCodec {
  readonly #serializer: Serializer

  constructor(serializer: Serializer) {
    this.#serializer = serializer
  }

  encodeCall(path: readonly string[], input: unknown, method: 'GET' | 'POST'): ClientRequest {
    const target = { method: 'POST', pathname: path.map((name) => `/${encodeURIComponent(name)}`).join('') }
    if (isEventSource(input)) return { ...target, headers: { 'content-type': 'text/event-stream' }, body: input }
    const encoded = this.#serializer.encode(input)
    if (encoded.files.length > 0) return { ...target, headers: {}, body: toFormData(encoded) }
    const message = formatMessage(encoded)
    if (method === 'GET') {
      return { ...target, method, query: `data=${encodeURIComponent(message)}`, headers: {}, body: undefined }
    }
    return { ...target, headers: { 'content-type': 'application/json' }, body: message }
  }

  async decodeAnswer(response: Response): Promise<unknown> {
    // Without the query, which may carry a token.
    const [address] = response.url.split('?')
    return toOutput(response.status, await this.#readBody(response), address ? ` at ${address}` : '')
  }

  async decodeReceived(status: number, message: unknown, form: Response | undefined): Promise<unknown> {
    if (form === undefined) {
      const decode = (): unknown => decodeMessage(this.#serializer, message)
      return toOutput(status, status < 400 ? expectProtocol(decode) : tryParse(decode))
    }
    const data = await form.formData()
    return toOutput(
      status,
      expectProtocol(() => parseFormData(this.#serializer, data)),
    )
  }

  decodeEvent(message: unknown): unknown {
    return expectProtocol(() => decodeMessage(this.#serializer, message))
  }

  parseEvent(data: string): unknown {
    return expectProtocol(() => parseMessage(this.#serializer, data))
  }

  formatEvent(value: unknown): string {
    return formatEvent(this.#serializer, value)
  }

  async #readBody(response: Response): Promise<unknown> {
    const contentType = response.headers.get('content-type') ?? ''
    if (contentType.startsWith('multipart/form-data')) {
      const form = await response.formData()
      return expectProtocol(() => parseFormData(this.#serializer, form))
    }
    const text = await response.text()
    if (contentType.startsWith('application/json')) {
      // A proxy's JSON error page is no message of ours, but its status tells enough.
      if (response.status >= 400) return tryParse(() => parseMessage(this.#serializer, text))
      return expectProtocol(() => parseMessage(this.#serializer, text))
    }
    if (response.status >= 400) return undefined
    throw notOurs(`it answered with ${contentType || 'no content-type'}`)
  }
}

/** @throws {RPCError} the error that the answer is. */
function toOutput(status: number, value: unknown, where: string = ''): unknown {
  if (status < 400) return value
  if (isRPCErrorJSON(value)) throw fromRPCErrorJSON(value)
  const hint = status === 404 ? ': is the procedure there, and is this where its handler listens?' : ''
  const message = `The server answered ${status} without an error of this protocol${where}${hint}`
  throw new RPCError(codeOfStatus(status), { status: Math.min(status, 599), message, data: value })
}

function expectProtocol<Value>(parse: () => Value): Value {
  try {
    return parse()
  } catch (cause) {
    throw notOurs(cause instanceof Error ? cause.message : 'it cannot be read', cause)
  }
}

function tryParse(parse: () => unknown): unknown {
  try {
    return parse()
  } catch {
    return undefined
  }
}

function notOurs(what: string, cause?: unknown): RPCError {
  return new RPCError('BAD_GATEWAY', {
    message: `The server does not speak this protocol at this address: ${what}`,
    cause,
  })
}
