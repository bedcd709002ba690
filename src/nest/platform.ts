import { type NodeRequest, type NodeResponse, toServerRequest } from '../node/node-request.ts'
import type { ServerRequest } from '../session/server-request.ts'
import { parseBrackets } from '../wire/bracket-notation.ts'

/** A request as Nest's platform hands it out: Express's is Node's own, Fastify's has that inside. */
export type PlatformRequest = NodeRequest & {
  readonly raw?: NodeRequest
  readonly body?: unknown
  readonly params?: unknown
}

export type PlatformResponse = NodeResponse & { readonly raw?: NodeResponse; readonly statusCode: number }

/** What is needed of Nest's HTTP adapter. */
export interface PlatformAdapter {
  getType(): string
  normalizePath?(path: string): string
  reply(response: any, body: any, statusCode?: number): any
  isHeadersSent(response: any): boolean
  getHeader?(response: any, name: string): unknown
  setHeader(response: any, name: string, value: any): any
}

/**
 * A platform's request as the session sees it. What a body parser of Nest's has read is taken as it is: JSON, and forms where
 * the protocol knows them.
 */
export function readPlatformRequest(
  request: PlatformRequest,
  response: PlatformResponse,
  takesForms: boolean,
): ServerRequest {
  const raw = request.raw ?? request
  const serverRequest = toServerRequest(raw, response.raw ?? response, request.body)
  const url = (raw as { originalUrl?: string }).originalUrl ?? serverRequest.url
  const type = serverRequest.header('content-type') ?? ''
  const isForm = type.startsWith('application/x-www-form-urlencoded')
  const isTaken = /[/+]json\b/.test(type) || (takesForms && isForm)
  const { body } = request
  const isParsed =
    raw.readableEnded && isTaken && typeof body === 'object' && body !== null && !(body instanceof Uint8Array)
  if (!isParsed) return Object.assign(serverRequest, { url })
  return Object.assign(serverRequest, { url, received: { message: isForm ? readForm(body) : body } })
}

/** Express's parser knows bracket notation, Fastify's leaves it to us. */
function readForm(body: object): unknown {
  const entries = Object.entries(body).flatMap(([key, value]) => [value].flat().map((item) => [key, item] as const))
  return entries.every(([, value]) => typeof value === 'string') ? parseBrackets(entries) : body
}
