import { type ContractProcedure, type ContractRouter, isContractProcedure } from '../contract/contract-procedure.ts'
import { codeOfStatus, fromRPCErrorJSON, isRPCErrorJSON, RPCError } from '../core/error.ts'
import { isEventSource } from '../event/event-iterator.ts'
import type { ClientCodec, ClientRequest } from '../session/client-codec.ts'
import { formatBrackets, parseBrackets } from '../wire/bracket-notation.ts'
import { fileNameOf, toDisposition } from './file-name.ts'
import { formatPlainEvent, toForm, toPlainValue } from './plain-value.ts'
import { isBodiless, isPlainObject, methodOf, type PathPart, paramNames, pathOf } from './route.ts'

/** What of an input goes where in a request. */
interface RequestParts {
  readonly params: Readonly<Record<string, unknown>>
  readonly query: unknown
  readonly headers: Readonly<Record<string, string>>
  readonly body: unknown
}

/** Plain HTTP on the client's side, as the routes of a contract say. */
export class OpenAPIClientCodec implements ClientCodec {
  readonly #contract: ContractRouter

  constructor(contract: ContractRouter) {
    this.#contract = contract
  }

  /** @throws {RPCError} `BAD_REQUEST` when the input does not fit the route. */
  encodeCall(path: readonly string[], input: unknown): ClientRequest {
    const procedure = this.#find(path)
    const route = pathOf(procedure, path)
    const method = methodOf(procedure)
    const isDetailed = procedure['~headwater'].route.inputStructure === 'detailed'
    const parts = isDetailed ? toDetailed(input, path) : toCompact(input, paramNames(route), method)
    const pathname = route.parts
      .map((part) => ('text' in part ? part.text : formatParam(part, parts.params, path)))
      .join('')
    const query = formatQuery(parts.query)
    const { headers, body } = encodeBody(isBodiless(method) ? undefined : parts.body)
    return { method, pathname, ...(query === '' ? {} : { query }), headers: { ...headers, ...parts.headers }, body }
  }

  async decodeAnswer(response: Response, path: readonly string[]): Promise<unknown> {
    const body = await readAnswer(response)
    if (response.status >= 400) throw toError(response.status, body)
    const { outputStructure } = this.#find(path)['~headwater'].route
    if (outputStructure !== 'detailed') return body
    return { status: response.status, headers: Object.fromEntries(response.headers), body }
  }

  parseEvent(data: string): unknown {
    return data === '' ? undefined : parseJSON(data)
  }

  formatEvent(value: unknown): string {
    return formatPlainEvent(value)
  }

  #find(path: readonly string[]): ContractProcedure {
    let node: unknown = this.#contract
    for (const name of path) {
      if (typeof node !== 'object' || node === null || !Object.hasOwn(node, name)) throw notFound(path)
      node = (node as Record<string, unknown>)[name]
    }
    if (!isContractProcedure(node)) throw notFound(path)
    return node
  }
}

function notFound(path: readonly string[]): RPCError {
  return new RPCError('NOT_FOUND', { message: `The contract has no procedure at ${path.join('.')}` })
}

function toCompact(input: unknown, names: readonly string[], method: string): RequestParts {
  if (names.length === 0) return { params: {}, query: isBodiless(method) ? input : undefined, headers: {}, body: input }
  const rest = isPlainObject(input) ? Object.entries(input).filter(([name]) => !names.includes(name)) : []
  const body = rest.length === 0 ? undefined : Object.fromEntries(rest)
  return { params: isPlainObject(input) ? input : {}, query: isBodiless(method) ? body : undefined, headers: {}, body }
}

function toDetailed(input: unknown, path: readonly string[]): RequestParts {
  const { params = {}, query, headers = {}, body } = (input ?? {}) as Partial<Record<keyof RequestParts, unknown>>
  if ((input !== undefined && !isPlainObject(input)) || !isPlainObject(params) || !isPlainObject(headers)) {
    throw new RPCError('BAD_REQUEST', {
      message: `The input of ${path.join('.')} has to be { params, query, headers, body }`,
    })
  }
  const entries = Object.entries(headers).flatMap(([name, value]) =>
    value === undefined ? [] : [[name.toLowerCase(), [value].flat().join(', ')] as const],
  )
  return { params, query, headers: Object.fromEntries(entries), body }
}

function formatParam(
  { name, rest }: Extract<PathPart, { readonly name: string }>,
  params: RequestParts['params'],
  path: readonly string[],
): string {
  const { json } = toPlainValue(Object.hasOwn(params, name) ? params[name] : undefined)
  const text = json === undefined || json === null ? '' : String(json)
  const segments = rest ? text.split('/') : [text]
  // URLs take dots for a way up, be they encoded or not.
  if (text === '' || segments.some((segment) => segment === '.' || segment === '..')) {
    const message = `The path of ${path.join('.')} needs "${name}", which cannot be ${JSON.stringify(text)}`
    throw new RPCError('BAD_REQUEST', { message })
  }
  return segments.map(encodeURIComponent).join('/')
}

function formatQuery(value: unknown): string {
  const { json } = toPlainValue(value)
  if (json === undefined || json === null) return ''
  if (!isPlainObject(json)) throw new RPCError('BAD_REQUEST', { message: 'A query can only be an object' })
  const entries = formatBrackets(json).map(([key, item]) => [key, String(item)])
  return new URLSearchParams(entries).toString()
}

function encodeBody(value: unknown): Pick<ClientRequest, 'headers' | 'body'> {
  if (isEventSource(value)) return { headers: { 'content-type': 'text/event-stream' }, body: value }
  const { json, hasFiles } = toPlainValue(value)
  if (json === undefined) return { headers: {}, body: undefined }
  if (json instanceof Blob) {
    const type = json.type || 'application/octet-stream'
    return { headers: { 'content-type': type, 'content-disposition': toDisposition(json) }, body: json }
  }
  if (hasFiles) return { headers: {}, body: toForm(formatBrackets(json)) }
  return { headers: { 'content-type': 'application/json' }, body: JSON.stringify(json) }
}

async function readAnswer(response: Response): Promise<unknown> {
  const contentType = response.headers.get('content-type') ?? ''
  const type = contentType.split(';', 1).join('').trim().toLowerCase()
  const fileName = fileNameOf(response.headers.get('content-disposition'))
  if (fileName === undefined) {
    if (type === 'application/json' || type.endsWith('+json')) return parseJSON(await response.text())
    if (type === 'multipart/form-data' || type === 'application/x-www-form-urlencoded') {
      return parseBrackets(await response.formData())
    }
    if (type === 'text/plain') return response.text()
  }
  const blob = await response.blob()
  return blob.size === 0 && fileName === undefined
    ? undefined
    : new File([blob], fileName ?? 'blob', { type: contentType })
}

function parseJSON(text: string): unknown {
  if (text === '') return undefined
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new RPCError('BAD_GATEWAY', { message: 'The server answered with what is not JSON', cause })
  }
}

/** The error in an answer; of a server that does not use these, what can be told. */
function toError(status: number, body: unknown): RPCError {
  if (isRPCErrorJSON(body)) return fromRPCErrorJSON(body)
  const code = isPlainObject(body) && typeof body['code'] === 'string' ? body['code'] : codeOfStatus(status)
  const message = isPlainObject(body) && typeof body['message'] === 'string' ? body['message'] : undefined
  return new RPCError(code, {
    status: Math.min(status, 599),
    message: message ?? `The server answered ${status}`,
    data: body,
  })
}
