import { RPCError } from '../core/error.ts'
import type { ProcedureMatch } from '../session/codec.ts'
import { assertPlainBody, parseForm, receiveStream } from '../session/request-body.ts'
import type { ServerRequest } from '../session/server-request.ts'
import { parseBrackets } from '../wire/bracket-notation.ts'
import { assertDepth, malformed } from '../wire/serializer.ts'
import { fileNameOf } from './file-name.ts'
import { isBinary, type JSONSchema, mayBe, type SchemaConverter, toJSONSchema } from './json-schema.ts'

const MAX_DEPTH = 64

export interface BodyOptions {
  /** Bytes of a request's body. */
  readonly maxBodySize: number
  /** For schemas that do not describe themselves. */
  readonly schemaConverters?: readonly SchemaConverter[] | undefined
}

/** The query in bracket notation. */
export function readQuery({ url }: ServerRequest): Record<string, unknown> {
  const start = url.indexOf('?')
  return start === -1 ? {} : parseBrackets(new URLSearchParams(url.slice(start)))
}

/** The headers; one that was sent several times is one text. */
export function readHeaders(request: ServerRequest): Record<string, string> {
  return Object.fromEntries(request.headers())
}

/**
 * A request's body by its type: JSON, a form in bracket notation, a stream, text, or anything else as a file.
 *
 * @throws {RPCError} `UNSUPPORTED_MEDIA_TYPE` when the procedure takes nothing of that type.
 */
export async function readBody(request: ServerRequest, match: ProcedureMatch, options: BodyOptions): Promise<unknown> {
  if (request.received !== undefined) return readReceived(request.received)
  assertPlainBody(request)
  const contentType = request.header('content-type') ?? ''
  const type = contentType.split(';', 1).join('').trim().toLowerCase()
  const { maxBodySize } = options
  if (type === 'text/event-stream')
    return receiveStream(request.stream(), { maxBlockSize: maxBodySize, parseValue: parseText })

  const bytes = await request.body(maxBodySize)
  const fileName = fileNameOf(request.header('content-disposition'))
  if (fileName === undefined) {
    if (bytes.length === 0) return undefined
    if (type === 'application/json' || type.endsWith('+json')) return parseText(new TextDecoder().decode(bytes))
    if (type === 'application/x-www-form-urlencoded') {
      return parseBrackets(new URLSearchParams(new TextDecoder().decode(bytes)))
    }
    if (type === 'multipart/form-data') return parseBrackets(await parseForm(bytes, contentType))
    if (type === 'text/plain' && accepts(match, options, isText)) return new TextDecoder().decode(bytes)
  }
  if (accepts(match, options, isBinary)) return new File([bytes], fileName ?? 'blob', { type: contentType })
  const what = contentType || 'a body without content-type'
  throw new RPCError('UNSUPPORTED_MEDIA_TYPE', { message: `This procedure does not take ${what}` })
}

function readReceived(received: NonNullable<ServerRequest['received']>): unknown {
  if ('stream' in received) return received.stream
  return 'form' in received ? parseBrackets(received.form) : received.message
}

/** @throws {RPCError} `BAD_REQUEST` when the text is not JSON. */
function parseText(text: string): unknown {
  if (text === '') return undefined
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw malformed('not JSON', cause)
  }
  assertDepth(value, MAX_DEPTH)
  return value
}

function accepts({ procedure }: ProcedureMatch, options: BodyOptions, is: (schema: JSONSchema) => boolean): boolean {
  const { input, route } = procedure['~headwater']
  const schema = toJSONSchema(input, 'input', options.schemaConverters)
  if (route.inputStructure !== 'detailed') return mayBe(schema, is)
  return mayBe(schema['properties']?.body ?? schema['type'] === undefined, is)
}

function isText(schema: JSONSchema): boolean {
  return schema['type'] === 'string' && !isBinary(schema)
}
