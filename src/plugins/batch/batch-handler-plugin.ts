import { eventSchemas } from '../../contract/event-iterator.ts'
import { onAbort } from '../../core/abort.ts'
import { RPCError } from '../../core/error.ts'
import { EventStreamBody } from '../../session/event-stream-body.ts'
import {
  EVENT_STREAM_HEADERS,
  encodeError,
  type HandlerPlugin,
  type IncomingCall,
  type IncomingInterceptor,
} from '../../session/serve-request.ts'
import type { ServerRequest, ServerResponse } from '../../session/server-request.ts'
import { BATCH_HEADER, BATCH_NOTE, type BatchAnswer } from '../../wire/batch.ts'
import { readBatch, toCallRequest } from './batched-request.ts'

export interface BatchHandlerPluginOptions {
  /** Calls in a batch. More are `PAYLOAD_TOO_LARGE`. Default 10. */
  readonly maxSize?: number | undefined
}

/** What the answers to a batch come with: each has a status of its own. */
const MULTI_STATUS = 207

type Serve = (changed: { readonly request: ServerRequest }) => Promise<ServerResponse | undefined>

/**
 * Answers several calls that a client's `BatchLinkPlugin` has put into one request (PROTOCOL.md, "Batches").
 *
 * Plugins before this one see the batch, those behind it each of its calls. Streams do not fit into a batch: links of
 * this library send such calls again, alone.
 */
export class BatchHandlerPlugin implements HandlerPlugin {
  readonly #maxSize: number

  constructor({ maxSize = 10 }: BatchHandlerPluginOptions = {}) {
    this.#maxSize = maxSize
  }

  readonly requestInterceptor: IncomingInterceptor = async ({ next, ...incoming }) => {
    const { request, prefix, session } = incoming
    const mode = request.header(BATCH_HEADER)
    if (mode === undefined || !request.url.startsWith(`${prefix}/`)) return next()
    const batch = await readBatch(incoming)
    if (batch.calls.length > this.#maxSize) {
      throw new RPCError('PAYLOAD_TOO_LARGE', { message: `A batch has at most ${this.#maxSize} calls` })
    }
    const answers = batch.calls.map((call, index) =>
      answerCall(incoming, next, index, (signal) => toCallRequest(batch, call, signal)),
    )
    if (mode === 'buffered') {
      const body = JSON.stringify(await Promise.all(answers))
      return { status: MULTI_STATUS, headers: { 'content-type': 'application/json' }, body }
    }
    const body = new EventStreamBody(asTheyCome(answers), {
      signal: request.signal,
      heartbeat: session.heartbeat,
      codec: { formatEvent: (answer) => JSON.stringify(answer ?? null) },
    })
    return { status: MULTI_STATUS, headers: EVENT_STREAM_HEADERS, body }
  }
}

/** Never rejects: a call that fails has no part in what becomes of the others. */
async function answerCall(
  incoming: IncomingCall,
  serve: Serve,
  index: number,
  toRequest: (signal: AbortSignal) => ServerRequest,
): Promise<BatchAnswer> {
  const { codec } = incoming.session
  const left = new AbortController()
  const offAbort = onAbort(incoming.request.signal, () => left.abort(incoming.request.signal.reason))
  try {
    const request = toRequest(left.signal)
    if (await isDeclaredStream(incoming, request)) return refuseStream(incoming, index)
    const response = await serve({ request })
    if (response === undefined) {
      throw new RPCError('NOT_FOUND', { message: `No procedure at ${request.url.split('?', 1)}` })
    }
    if (response.body instanceof EventStreamBody) {
      response.body.leave()
      left.abort()
      return refuseStream(incoming, index)
    }
    return await toAnswer(index, response, request.header(BATCH_NOTE) === 'base64')
  } catch (error) {
    return toAnswer(index, encodeError(codec, error), false)
  } finally {
    offAbort()
  }
}

/** Known before its handler is run, which may do something before it gives its stream. */
async function isDeclaredStream({ session, prefix }: IncomingCall, request: ServerRequest): Promise<boolean> {
  const match = await session.codec.match(request, prefix)
  return eventSchemas(match?.procedure['~headwater'].output) !== undefined
}

async function refuseStream({ session }: IncomingCall, index: number): Promise<BatchAnswer> {
  const message = 'A stream does not fit into a batch: send this call alone'
  const response = encodeError(session.codec, new RPCError('NOT_IMPLEMENTED', { message }))
  const answer = await toAnswer(index, response, false)
  return { ...answer, headers: { ...answer.headers, [BATCH_NOTE]: 'alone' } }
}

async function toAnswer(
  index: number,
  { status, headers, body }: ServerResponse,
  readsBase64: boolean,
): Promise<BatchAnswer> {
  const { 'content-type': contentType, ...rest } = headers
  if (body === undefined) return { index, status, headers }
  if (typeof body === 'string') {
    const isJSON = String(contentType).startsWith('application/json')
    return isJSON ? { index, status, headers: rest, body: JSON.parse(body) } : { index, status, headers, body }
  }
  if (!readsBase64) {
    const message = 'An answer with files does not fit into a batch for this client: it has to send this call alone'
    throw new RPCError('NOT_IMPLEMENTED', { message })
  }
  const binary = new Response(body as BodyInit)
  const type = binary.headers.get('content-type') ?? contentType ?? 'application/octet-stream'
  return {
    index,
    status,
    headers: { ...rest, 'content-type': type, [BATCH_NOTE]: 'base64' },
    body: toBase64(new Uint8Array(await binary.arrayBuffer())),
  }
}

function toBase64(bytes: Uint8Array): string {
  let binary = ''
  for (const byte of bytes) binary += String.fromCharCode(byte)
  return btoa(binary)
}

async function* asTheyCome(answers: readonly Promise<BatchAnswer>[]): AsyncGenerator<BatchAnswer, undefined> {
  const pending = new Map(answers.entries())
  while (pending.size > 0) {
    const answer = await Promise.race(pending.values())
    pending.delete(answer.index)
    yield answer
  }
}
