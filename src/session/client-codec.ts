import { codeOfStatus, fromRPCErrorJSON, isRPCErrorJSON, RPCError } from '../core/error.ts'
import { type EventSource, isEventSource } from '../event/event-iterator.ts'
import { formatEvent, formatMessage, parseMessage } from '../wire/message.ts'
import type { Serializer } from '../wire/serializer.ts'

/** What of a call goes into its HTTP request. */
export interface ClientRequest {
  readonly method: string
  /** Behind the link's URL, with a slash in front. */
  readonly pathname: string
  /** Without the question mark. */
  readonly query?: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string | Blob | FormData | EventSource | undefined
}

/** A protocol over HTTP on the client's side: how calls are written, how answers are read. */
export interface ClientCodec {
  /** @param method may be another in the request, where the input does not fit the one that was asked for. */
  encodeCall(path: readonly string[], input: unknown, method: 'GET' | 'POST'): ClientRequest | Promise<ClientRequest>
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

/** Many clients never see a file: what forms take is loaded by those who do. */
export const loadForms = (): Promise<typeof import('../wire/form-data.ts')> => import('../wire/form-data.ts')

/** The RPC protocol (PROTOCOL.md) on the client's side. */
export class RPCClientCodec implements ClientCodec {
  protected readonly serializer: Serializer

  constructor(serializer: Serializer) {
    this.serializer = serializer
  }

  async encodeCall(path: readonly string[], input: unknown, method: 'GET' | 'POST'): Promise<ClientRequest> {
    const pathname = path.map((name) => `/${encodeURIComponent(name)}`).join('')
    const target = { method: 'POST', pathname, headers: {} }
    if (isEventSource(input)) return { ...target, headers: { 'content-type': 'text/event-stream' }, body: input }
    const encoded = this.serializer.encode(input)
    if (encoded.files.length > 0) {
      const { toFormData } = await loadForms()
      return { ...target, body: toFormData(encoded) }
    }
    const message = formatMessage(encoded)
    if (method === 'GET') return { ...target, method, query: `data=${encodeURIComponent(message)}` }
    return { ...target, headers: { 'content-type': 'application/json' }, body: message }
  }

  async decodeAnswer(response: Response): Promise<unknown> {
    // Without the query, which may carry a token.
    const [address] = response.url.split('?')
    return toOutput(response.status, await this.#read(response), address && ` at ${address}`)
  }

  parseEvent(data: string): unknown {
    return expectProtocol(() => parseMessage(this.serializer, data))
  }

  formatEvent(value: unknown): string {
    return formatEvent(this.serializer, value)
  }

  /** What parses the answer, all of which has been read. */
  async #read(response: Response): Promise<() => unknown> {
    const contentType = response.headers.get('content-type') ?? ''
    if (contentType.startsWith('multipart/form-data')) {
      const [form, { parseFormData }] = await Promise.all([response.formData(), loadForms()])
      return () => parseFormData(this.serializer, form)
    }
    const text = await response.text()
    return () => {
      if (contentType.startsWith('application/json')) return parseMessage(this.serializer, text)
      throw new TypeError(`it answered with ${contentType || 'no content-type'}`)
    }
  }
}

/** The output that an answer's message is. @throws {RPCError} the error that it is. */
export function toOutput(status: number, parse: () => unknown, where: string = ''): unknown {
  if (status < 400) return expectProtocol(parse)
  const value = tryParse(parse)
  if (isRPCErrorJSON(value)) throw fromRPCErrorJSON(value)
  const hint = status === 404 ? ': is the procedure there, and is this where its handler listens?' : ''
  const message = `The server answered ${status} without an error of this protocol${where}${hint}`
  throw new RPCError(codeOfStatus(status), { status: Math.min(status, 599), message, data: value })
}

/** @throws {RPCError} `BAD_GATEWAY` when what is parsed is not what the protocol says. */
export function expectProtocol(parse: () => unknown): unknown {
  try {
    return parse()
  } catch (cause) {
    const what = cause instanceof Error ? cause.message : 'it cannot be read'
    const message = `The server does not speak this protocol at this address: ${what}`
    throw new RPCError('BAD_GATEWAY', { message, cause })
  }
}

/** A proxy's error page is no message of ours, but its status tells enough. */
function tryParse(parse: () => unknown): unknown {
  try {
    return parse()
  } catch {
    return undefined
  }
}
