import { RPCError } from '../core/error.ts'
import type { ResumableStream } from '../event/resume.ts'
import { oncePerEvent } from '../event/shared-event.ts'
import { findProcedure, type Router } from '../server/router.ts'
import { parseFormData, toFormData } from '../wire/form-data.ts'
import { decodeMessage, formatEvent, formatMessage, parseMessage } from '../wire/message.ts'
import type { Serializer } from '../wire/serializer.ts'
import type { Codec, ProcedureMatch } from './codec.ts'
import { assertPlainBody, parseForm, receiveStream } from './request-body.ts'
import type { ReceivedBody, ServerRequest, ServerResponse } from './server-request.ts'

const UTF8 = new TextDecoder()

const JSON_HEADERS = { 'content-type': 'application/json' }

/** Methods that carry the input in a body; clients use POST unless they are told otherwise. */
const BODY_METHODS: readonly string[] = ['POST', 'PUT', 'PATCH', 'DELETE']

/** So many URLs are remembered: more than most routers have procedures, where none has a prefix of its own for each user. */
const MAX_MATCHES = 1000

export interface RPCCodecOptions {
  readonly router: Router
  readonly serializer: Serializer
  /** Bytes of a request's body. */
  readonly maxBodySize: number
}

/** The RPC protocol (PROTOCOL.md): `POST {prefix}/a/b` with a message as its body. */
export class RPCCodec implements Codec {
  readonly #options: RPCCodecOptions
  /** What was found behind a URL, with the prefix that it was found under. */
  readonly #matches = new Map<string, ProcedureMatch & { readonly prefix: string }>()
  readonly formatEvent: (value: unknown) => string

  constructor(options: RPCCodecOptions) {
    this.#options = options
    this.formatEvent = oncePerEvent((value) => formatEvent(options.serializer, value))
  }

  match({ url }: ServerRequest, prefix: string): ProcedureMatch | undefined | Promise<ProcedureMatch | undefined> {
    const known = this.#matches.get(url)
    if (known?.prefix === prefix) return known
    const path = procedurePath(url, prefix)
    if (path === undefined) return undefined
    const found = findProcedure(this.#options.router, path)
    if (found instanceof Promise) return found.then((procedure) => procedure && { path, procedure })
    if (found === undefined) return undefined
    const match = { path: Object.freeze(path), procedure: found, prefix }
    if (this.#matches.size < MAX_MATCHES && !url.includes('?')) this.#matches.set(url, match)
    return match
  }

  decodeInput(request: ServerRequest, { procedure }: ProcedureMatch): unknown {
    const { serializer } = this.#options
    if (request.method === 'GET') {
      if (procedure['~headwater'].route.method !== 'GET') {
        throw new RPCError('METHOD_NOT_SUPPORTED', { message: 'This procedure cannot be called by GET' })
      }
      const data = new URLSearchParams(request.url.slice(queryStart(request.url))).get('data')
      return data === null ? undefined : parseMessage(serializer, data)
    }
    if (!BODY_METHODS.includes(request.method)) {
      throw new RPCError('METHOD_NOT_SUPPORTED', { message: `Procedures cannot be called by ${request.method}` })
    }
    return request.received === undefined ? this.#decodeBody(request) : this.#decodeReceived(request.received)
  }

  async #decodeBody(request: ServerRequest): Promise<unknown> {
    const { serializer, maxBodySize } = this.#options
    assertPlainBody(request)
    const contentType = request.header('content-type') ?? ''
    if (contentType.startsWith('multipart/form-data')) {
      return parseFormData(serializer, await parseForm(await request.body(maxBodySize), contentType))
    }
    if (contentType.startsWith('text/event-stream')) return this.#receiveStream(request.stream())
    const body = await request.body(maxBodySize)
    if (body.length === 0) return undefined
    // A cross-site form may post text/plain or no type at all without asking first: only JSON says that it was meant.
    if (!isJSON(contentType)) {
      throw new RPCError('UNSUPPORTED_MEDIA_TYPE', {
        message: `Send application/json, multipart/form-data or text/event-stream, not ${contentType || 'a body without content-type'}`,
      })
    }
    return parseMessage(serializer, UTF8.decode(body))
  }

  encodeOutput(output: unknown): ServerResponse {
    return this.#encode(200, output)
  }

  encodeError(error: RPCError, match?: ProcedureMatch): ServerResponse {
    const response = this.#encode(error.status, error.toJSON())
    if (error.code !== 'METHOD_NOT_SUPPORTED') return response
    const isReadable = match?.procedure['~headwater'].route.method === 'GET'
    const allow = [...(isReadable ? ['GET'] : []), ...BODY_METHODS].join(', ')
    return { ...response, headers: { ...response.headers, allow } }
  }

  #decodeReceived(received: ReceivedBody): unknown {
    if ('stream' in received) return received.stream
    const { serializer } = this.#options
    return 'form' in received ? parseFormData(serializer, received.form) : decodeMessage(serializer, received.message)
  }

  #receiveStream(body: ReadableStream<Uint8Array>): ResumableStream {
    const { serializer, maxBodySize: maxBlockSize } = this.#options
    return receiveStream(body, { maxBlockSize, parseValue: (data) => parseMessage(serializer, data) })
  }

  #encode(status: number, value: unknown): ServerResponse {
    const encoded = this.#options.serializer.encode(value)
    if (encoded.files.length > 0) return { status, headers: {}, body: toFormData(encoded) }
    return { status, headers: JSON_HEADERS, body: formatMessage(encoded) }
  }
}

function isJSON(contentType: string): boolean {
  return contentType === 'application/json' || /^application\/json\s*(;|$)/i.test(contentType)
}

function queryStart(url: string): number {
  const index = url.indexOf('?')
  return index === -1 ? url.length : index
}

/** The names behind the prefix; `undefined` when the URL is not under it or cannot be decoded. */
function procedurePath(url: string, prefix: string): readonly string[] | undefined {
  if (!url.startsWith(prefix) || url[prefix.length] !== '/') return undefined
  const path = url.slice(prefix.length + 1, queryStart(url)).split('/')
  if (!url.includes('%')) return path
  try {
    return path.map(decodeURIComponent)
  } catch {
    return undefined
  }
}
