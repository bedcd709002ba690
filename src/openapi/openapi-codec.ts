import { eventSchemas } from '../contract/event-iterator.ts'
import { RPCError } from '../core/error.ts'
import { isEventSource } from '../event/event-iterator.ts'
import type { Codec, EncodedOutput } from '../session/codec.ts'
import type { ServerRequest, ServerResponse } from '../session/server-request.ts'
import { formatBrackets } from '../wire/bracket-notation.ts'
import { accepts } from './accept.ts'
import { toDisposition } from './file-name.ts'
import { isOptional } from './is-optional.ts'
import { containsBinary, isBinary, mayBe, toJSONSchema } from './json-schema.ts'
import { formatPlainEvent, toForm, toPlainValue } from './plain-value.ts'
import { type BodyOptions, readBody, readHeaders, readQuery } from './request-input.ts'
import { isBodiless, isPlainObject } from './route.ts'
import type { OpenAPIMatch } from './route-table.ts'

/** How a request finds its procedure: a handler looks for it, a framework with a router of its own knows it. */
export interface Routing {
  match(request: ServerRequest, prefix: string): Promise<OpenAPIMatch | undefined>
  /** The methods at the address of a request that matched nothing. */
  methodsAt(request: ServerRequest, prefix: string): readonly string[]
}

export interface OpenAPICodecOptions extends BodyOptions {
  readonly routing: Routing
}

const JSON_TYPE = 'application/json'
const STREAM_TYPE = 'text/event-stream'

/** Statuses whose answers have no body, not even an empty one. */
const BODILESS: readonly number[] = [204, 205, 304]

/** Plain HTTP: methods and paths as the routes say, plain JSON, forms, files, server-sent events. */
export class OpenAPICodec implements Codec {
  readonly #options: OpenAPICodecOptions

  constructor(options: OpenAPICodecOptions) {
    this.#options = options
  }

  match(request: ServerRequest, prefix: string): Promise<OpenAPIMatch | undefined> {
    return this.#options.routing.match(request, prefix)
  }

  refuse(request: ServerRequest, prefix: string): ServerResponse | undefined {
    const methods = this.#options.routing.methodsAt(request, prefix)
    if (methods.length === 0) return undefined
    const allow = [...methods, 'OPTIONS'].join(', ')
    if (request.method === 'OPTIONS') return { status: 204, headers: { allow }, body: undefined }
    const message = `${request.method} is not allowed here, but ${allow}`
    const response = this.encodeError(new RPCError('METHOD_NOT_SUPPORTED', { message }))
    return { ...response, headers: { ...response.headers, allow } }
  }

  async decodeInput(request: ServerRequest, match: OpenAPIMatch): Promise<unknown> {
    const { route } = match.procedure['~headwater']
    this.#assertAcceptable(request, match)
    if (route.inputStructure === 'detailed') return this.#decodeDetailed(request, match)
    if (isBodiless(request.method)) return this.#decodeQuery(request, match)
    const body = await readBody(request, match, this.#options)
    // Many clients send no body with DELETE.
    const own = body === undefined && request.method === 'DELETE' ? readQuery(request) : body
    if (own === undefined) return Object.keys(match.params).length === 0 ? undefined : match.params
    if (Object.keys(match.params).length === 0) return isEmpty(own) && body === undefined ? undefined : own
    return isPlainObject(own) ? { ...own, ...match.params } : match.params
  }

  encodeOutput(output: unknown, { procedure }: OpenAPIMatch): EncodedOutput {
    const { successStatus = 200, outputStructure } = procedure['~headwater'].route
    if (outputStructure !== 'detailed') return encodeBody(output, successStatus, {})
    const { status, headers, body } = toDetailedOutput(output)
    return isEventSource(body)
      ? { status: status ?? successStatus, headers, body }
      : encodeBody(body, status ?? successStatus, headers)
  }

  encodeError(error: RPCError): ServerResponse {
    return encodeBody(error.toJSON(), error.status, {})
  }

  formatEvent(value: unknown): string {
    return formatPlainEvent(value)
  }

  /** As far as the contract tells what will be answered: files, and answers in detail, may have any type. */
  #assertAcceptable(request: ServerRequest, { procedure }: OpenAPIMatch): void {
    const header = request.header('accept')
    const { output, route } = procedure['~headwater']
    if (header === undefined || output === undefined || route.outputStructure === 'detailed') return
    const type = eventSchemas(output) === undefined ? JSON_TYPE : STREAM_TYPE
    if (accepts(header, type)) return
    if (type === JSON_TYPE) {
      const schema = toJSONSchema(output, 'output', this.#options.schemaConverters)
      if (header.includes('+json') || containsBinary(schema) || mayBe(schema, isBinary)) return
    }
    throw new RPCError('NOT_ACCEPTABLE', { message: `This procedure answers with ${type}` })
  }

  /** A request that says nothing is one without an input, where the schema takes that, or else one with an empty one. */
  async #decodeQuery(request: ServerRequest, { procedure, params }: OpenAPIMatch): Promise<unknown> {
    const decoded = { ...readQuery(request), ...params }
    const { input } = procedure['~headwater']
    return isEmpty(decoded) && input !== undefined && (await isOptional(input)) ? undefined : decoded
  }

  async #decodeDetailed(request: ServerRequest, match: OpenAPIMatch): Promise<unknown> {
    const body = isBodiless(request.method) ? undefined : await readBody(request, match, this.#options)
    return { params: match.params, query: readQuery(request), headers: readHeaders(request), body }
  }
}

function isEmpty(value: unknown): boolean {
  return isPlainObject(value) && Object.keys(value).length === 0
}

interface DetailedOutput {
  readonly status: number | undefined
  readonly headers: ServerResponse['headers']
  readonly body: unknown
}

/** @throws {TypeError} when the output does not say what a response is made of. */
function toDetailedOutput(output: unknown): DetailedOutput {
  if (!isPlainObject(output)) {
    throw new TypeError('A procedure with the output structure `detailed` has to return { status, headers, body }')
  }
  const { status, headers = {}, body } = output
  if (status !== undefined && !(Number.isInteger(status) && Number(status) >= 200 && Number(status) <= 399)) {
    throw new TypeError(
      `The status of an output has to be from 200 to 399, not ${String(status)}: throw an error instead`,
    )
  }
  if (!isPlainObject(headers)) throw new TypeError('The headers of an output have to be an object')
  const entries = Object.entries(headers).flatMap(([name, value]) =>
    value === undefined
      ? []
      : [[name.toLowerCase(), Array.isArray(value) ? value.map(String) : String(value)] as const],
  )
  return { status: status as number | undefined, headers: Object.fromEntries(entries), body }
}

function encodeBody(value: unknown, status: number, headers: ServerResponse['headers']): ServerResponse {
  const { json, hasFiles } = toPlainValue(value)
  if (json === undefined || BODILESS.includes(status)) return { status, headers, body: undefined }
  if (json instanceof Blob) return { status, headers: { ...fileHeaders(json), ...headers }, body: json }
  if (hasFiles) return { status, headers, body: toForm(formatBrackets(json)) }
  const type = headers['content-type']
  const isText = typeof json === 'string' && type !== undefined && !/[/+]json\b/.test(String(type))
  return { status, headers: { 'content-type': JSON_TYPE, ...headers }, body: isText ? json : JSON.stringify(json) }
}

function fileHeaders(file: Blob): Record<string, string> {
  return {
    'content-type': file.type || 'application/octet-stream',
    'content-length': String(file.size),
    'content-disposition': toDisposition(file),
  }
}
