import type { EventMeta } from '../event/event-meta.ts'
import { malformed } from './serializer.ts'

/** Where a client's first request goes that speaks `headwater.1`; to others it is a procedure that they do not have. */
export const HELLO_URL = '/~headwater.1'

/** What a frame is (PROTOCOL.md, "Frames"). From `HELLO` on they are spoken only between peers that have both said so. */
export const FrameType = {
  REQUEST: 1,
  RESPONSE: 2,
  EVENT: 3,
  ABORT: 4,
  HELLO: 5,
  PING: 6,
  PONG: 7,
  CREDIT: 8,
  DRAIN: 9,
  CLOSE: 10,
} as const

/** A frame as it was received. */
export interface PeerFrame {
  /** The call that it belongs to; empty in those of the connection itself. */
  readonly id: string
  /** `undefined` for a request or a response: who receives it knows which. */
  readonly type: number | undefined
  readonly payload: Readonly<Record<string, unknown>>
  /** What followed the JSON in a binary frame. */
  readonly bytes: Uint8Array<ArrayBuffer> | undefined
}

/**
 * An event frame's kind. Between peers that speak them, `position` says that everything up to its id has been sent, and
 * `gap` that the stream goes on after its id over a gap.
 */
export type PeerEvent = 'message' | 'done' | 'error' | 'position' | 'gap'

export type PeerHeaders = Readonly<Record<string, string | readonly string[]>>

/** Ends the JSON of a binary frame: no byte of UTF-8 is it. */
const DELIMITER = 0xff

export const MAX_ID_LENGTH = 256

/** @throws {RPCError} `BAD_REQUEST` when it is not a frame. */
export function parseFrame(data: string | Uint8Array<ArrayBuffer>): PeerFrame {
  if (typeof data === 'string') return toFrame(data, undefined)
  const end = data.indexOf(DELIMITER)
  return toFrame(decodeText(end === -1 ? data : data.subarray(0, end)), end === -1 ? undefined : data.subarray(end + 1))
}

function toFrame(text: string, bytes: Uint8Array<ArrayBuffer> | undefined): PeerFrame {
  const frame = parseJSON(text)
  if (!isRecord(frame)) throw malformed('a frame must be an object')
  const { i: id = '', t: type, p: payload } = frame
  if (typeof id !== 'string' || id.length > MAX_ID_LENGTH) {
    throw malformed(`a frame's \`i\` must be a string of at most ${MAX_ID_LENGTH} characters`)
  }
  if (type !== undefined && !Number.isInteger(type)) throw malformed("a frame's `t` must be an integer")
  if (payload !== undefined && payload !== null && !isRecord(payload))
    throw malformed("a frame's `p` must be an object")
  return { id, type: type as number | undefined, payload: payload ?? {}, bytes }
}

function decodeText(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw malformed('a binary frame does not begin with UTF-8', cause)
  }
}

function parseJSON(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw malformed('a frame is not JSON', cause)
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The meta of an event frame, as far as it is one. */
export function readEventMeta(meta: unknown): EventMeta | undefined {
  if (!isRecord(meta)) return undefined
  const { id, retry, comments } = meta
  return {
    ...(typeof id === 'string' ? { id } : {}),
    ...(typeof retry === 'number' && retry >= 0 ? { retry } : {}),
    ...(Array.isArray(comments) && comments.every((comment) => typeof comment === 'string') ? { comments } : {}),
  }
}

/** @param body a message, formatted already. */
export function formatRequest(request: {
  readonly id: string
  readonly url: string
  readonly body: string | undefined
  readonly headers: PeerHeaders
  readonly method: string
}): string {
  const { id, url, body, headers, method } = request
  const parts = [`"u":${JSON.stringify(url)}`]
  if (body !== undefined) parts.push(`"b":${body}`)
  if (hasKeys(headers)) parts.push(`"h":${JSON.stringify(headers)}`)
  if (method !== 'POST') parts.push(`"m":${JSON.stringify(method)}`)
  return `{"i":${JSON.stringify(id)},"p":{${parts.join(',')}}}`
}

/** @param body JSON text: a message, formatted already. */
export function formatResponse(response: {
  readonly id: string
  readonly status: number
  readonly headers: PeerHeaders
  readonly body: string | undefined
}): string {
  const { id, status, headers, body } = response
  const parts: string[] = []
  if (status !== 200) parts.push(`"s":${status}`)
  if (hasKeys(headers)) parts.push(`"h":${JSON.stringify(headers)}`)
  if (body !== undefined) parts.push(`"b":${body}`)
  return `{"i":${JSON.stringify(id)},"p":{${parts.join(',')}}}`
}

/** @param data a message, formatted already. */
export function formatEventFrame(id: string, event: PeerEvent, data: string | undefined, meta?: EventMeta): string {
  const d = data === undefined ? '' : `,"d":${data}`
  const m = meta === undefined ? '' : `,"m":${JSON.stringify(meta)}`
  return `{"i":${JSON.stringify(id)},"t":${FrameType.EVENT},"p":{"e":"${event}"${d}${m}}}`
}

export function formatAbort(id: string): string {
  return `{"i":${JSON.stringify(id)},"t":${FrameType.ABORT}}`
}

/** Lets the other side send so many more characters of a stream's events. */
export function formatCredit(id: string, characters: number): string {
  return `{"i":${JSON.stringify(id)},"t":${FrameType.CREDIT},"p":{"n":${characters}}}`
}

/** A frame of the connection itself. */
export function formatControl(type: number, payload?: object): string {
  return payload === undefined ? `{"t":${type}}` : `{"t":${type},"p":${JSON.stringify(payload)}}`
}

/** A binary frame: JSON, the delimiter, bytes. */
export function joinBytes(json: string, bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const head = new TextEncoder().encode(json)
  const frame = new Uint8Array(head.length + 1 + bytes.length)
  frame.set(head)
  frame[head.length] = DELIMITER
  frame.set(bytes, head.length + 1)
  return frame
}

function hasKeys(headers: PeerHeaders): boolean {
  for (const _ in headers) return true
  return false
}
