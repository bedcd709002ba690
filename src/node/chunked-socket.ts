import { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { NodeResponse } from './node-request.ts'

/**
 * The socket of a response whose head is written, for chunks to be written to it whole: a response writes each in three
 * pieces. `undefined` where something else stands in between, such as middleware that compresses, or an earlier response.
 */
export function chunkedSocket(response: NodeResponse): Socket | undefined {
  if (!(response instanceof ServerResponse) || Object.hasOwn(response, 'write')) return undefined
  response.flushHeaders()
  // One that waits for its turn has no socket yet.
  return response.chunkedEncoding ? (response.socket ?? undefined) : undefined
}

/** The text that was written last and its chunk: the streams of a channel write the same, one after the other. */
let last: { readonly text: string; readonly chunk: Buffer } | undefined

/** A chunk of a body in HTTP/1.1 (RFC 9112, section 7.1). */
export function toChunk(text: string): Buffer {
  if (last?.text !== text) {
    last = { text, chunk: Buffer.from(`${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`) }
  }
  return last.chunk
}
