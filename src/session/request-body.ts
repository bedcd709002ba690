import { RPCError } from '../core/error.ts'
import { ResumableStream } from '../event/resume.ts'
import { limitBlocks } from '../wire/sse-limit.ts'
import { EventStreamSource } from './event-stream-source.ts'
import type { ServerRequest } from './server-request.ts'

/** @throws {RPCError} `UNSUPPORTED_MEDIA_TYPE` when the body is compressed. */
export function assertPlainBody(request: ServerRequest): void {
  const encoding = request.header('content-encoding') ?? 'identity'
  if (encoding === 'identity') return
  throw new RPCError('UNSUPPORTED_MEDIA_TYPE', { message: `Send the body as it is, not as ${encoding}` })
}

/** @throws {RPCError} `BAD_REQUEST` when the body is no form. */
export async function parseForm(body: Uint8Array<ArrayBuffer>, contentType: string): Promise<FormData> {
  try {
    return await new Response(body, { headers: { 'content-type': contentType } }).formData()
  } catch (cause) {
    throw new RPCError('BAD_REQUEST', { message: 'Malformed message: not a form', cause })
  }
}

export interface ReceivedStreamOptions {
  /** Longest event, in characters. More fails the stream. */
  readonly maxBlockSize: number
  readonly parseValue: (data: string) => unknown
}

/** A stream that the client sends: it cannot be opened again, so its end without `done` is an error. */
export function receiveStream(body: ReadableStream<Uint8Array>, options: ReceivedStreamOptions): ResumableStream {
  const stream = new ResumableStream({ open: () => Promise.reject(new Error('A request is read once')), mode: false })
  const { maxBlockSize, parseValue } = options
  const checkBlockSize = limitBlocks(maxBlockSize)
  stream.adopt(new EventStreamSource(body, { checkBlockSize, parseValue, silenceTimeout: Number.POSITIVE_INFINITY }))
  return stream
}
