import { byteLength } from '../core/byte-length.ts'
import { RPCError, toRPCError } from '../core/error.ts'
import { type Interceptor, intercept } from '../core/interceptor.ts'
import { LateSignal, type SignalSource } from '../core/late-signal.ts'
import { type EventSource, isEventSource } from '../event/event-iterator.ts'
import { MAX_EVENT_ID_BYTES } from '../event/event-meta.ts'
import { leaveStream } from '../event/leave-stream.ts'
import { callProcedure } from '../server/call.ts'
import type { Context } from '../server/middleware.ts'
import { fromEventIdHeader } from '../wire/event-id-header.ts'
import type { Codec, ProcedureMatch } from './codec.ts'
import type { Drain } from './drain.ts'
import { EventStreamBody } from './event-stream-body.ts'
import type { SessionMonitor, StreamCall } from './monitor.ts'
import type { OpenStream } from './open-work.ts'
import type { ServerRequest, ServerResponse } from './server-request.ts'

/** What an interceptor of a handler gets to see of a call. */
export interface HandlerInterceptorOptions {
  readonly request: ServerRequest
  readonly context: Context
  readonly path: readonly string[]
  readonly signal: AbortSignal
}

/** A step around every call that a handler serves. */
export type HandlerInterceptor = Interceptor<HandlerInterceptorOptions, unknown>

/** A request that asks for a procedure, or not: that is known when it has been answered. */
export interface IncomingCall {
  readonly request: ServerRequest
  /** Without a slash at its end. */
  readonly prefix: string
  readonly context: Context
  /** What serves it: how errors are written, what the limits are. */
  readonly session: RequestSession
}

/** A step around every request; the answer is `undefined` for one that asks for no procedure. */
export type IncomingInterceptor = Interceptor<IncomingCall, ServerResponse | undefined>

/** What a plugin adds to a handler. */
export interface HandlerPlugin {
  /** Around requests, before anything of them is read. */
  readonly requestInterceptor?: IncomingInterceptor | undefined
  /** Around calls, behind the interceptors of the handler itself. */
  readonly interceptor?: HandlerInterceptor | undefined
  /** Makes what was read of a request into what its procedure validates. */
  readonly mapInput?: InputMap | undefined
  /** Is told what the handler has open. */
  readonly monitor?: SessionMonitor | undefined
}

export type InputMap = (input: unknown, match: ProcedureMatch) => unknown

export interface RequestSession {
  readonly codec: Codec
  readonly requestInterceptors: readonly IncomingInterceptor[]
  readonly interceptors: readonly HandlerInterceptor[]
  readonly inputMaps: readonly InputMap[]
  /** Longest silence of a stream, in ms. */
  readonly heartbeat: number
  readonly drain: Drain
  readonly monitor: SessionMonitor | undefined
  /** Bytes of a request's body. */
  readonly maxBodySize: number
}

/** Headers without which proxies would hold events back. */
export const EVENT_STREAM_HEADERS: ServerResponse['headers'] = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-cache, no-transform',
  'x-accel-buffering': 'no',
}

/** Answers a request over any protocol for any transport; `undefined` when it asks for no procedure. Never rejects. */
export function serveRequest(
  session: RequestSession,
  { request, prefix, context }: Omit<IncomingCall, 'session'>,
): Promise<ServerResponse | undefined> {
  const incoming = { request, context, prefix: prefix.endsWith('/') ? prefix.replace(/\/+$/, '') : prefix, session }
  const isPlain = session.requestInterceptors.length === 0 && request.method !== 'HEAD'
  return isPlain ? answer(incoming) : interceptAnswer(incoming)
}

async function interceptAnswer(incoming: IncomingCall): Promise<ServerResponse | undefined> {
  const { request, session } = incoming
  try {
    const response = await intercept(session.requestInterceptors, incoming, answer)
    return response && request.method === 'HEAD' ? withoutBody(response) : response
  } catch (error) {
    return encodeError(session.codec, error)
  }
}

/** What a GET would be answered with, to be looked at. */
export function withoutBody({ status, headers, body }: ServerResponse): ServerResponse {
  if (body instanceof EventStreamBody) body.leave()
  const length = typeof body === 'string' ? byteLength(body) : undefined
  return {
    status,
    headers: length === undefined ? headers : { 'content-length': String(length), ...headers },
    body: undefined,
  }
}

async function answer(incoming: IncomingCall): Promise<ServerResponse | undefined> {
  const { request, prefix, session } = incoming
  const { codec } = session
  let match: ProcedureMatch | undefined
  try {
    const matching = codec.match(request, prefix)
    match = matching instanceof Promise ? await matching : matching
    if (match === undefined) return codec.refuse?.(request, prefix)
    const running = runCall(incoming, match)
    const output = running instanceof Promise ? await running : running
    if (isEventSource(output)) return streamOutput(incoming, match, output)
    const encoded = codec.encodeOutput(output, match)
    const { body } = encoded
    return isEventSource(body) ? streamOutput(incoming, match, body, encoded) : (encoded as ServerResponse)
  } catch (error) {
    // Here, so that plugins see the answer that the error has become.
    return encodeError(codec, error, match)
  }
}

/** The answer that a stream is sent as. @throws {RPCError} `SERVICE_UNAVAILABLE` when this server is about to stop. */
export function streamOutput(
  { request, session }: IncomingCall,
  { path }: ProcedureMatch,
  output: EventSource,
  { status, headers }: Omit<ServerResponse, 'body'> = { status: 200, headers: {} },
): ServerResponse {
  const { codec, heartbeat, drain, monitor } = session
  if (drain.started) {
    leaveStream(output)
    throw new RPCError('SERVICE_UNAVAILABLE', { message: 'This server is about to stop: open the stream again' })
  }
  const onOpen = monitor && openingOf(monitor, { path, request })
  const body = new EventStreamBody(output, { signal: request.signal, heartbeat, drain, codec, onOpen })
  return { status, headers: { ...headers, ...EVENT_STREAM_HEADERS }, body }
}

function openingOf(monitor: SessionMonitor, call: StreamCall): (stream: OpenStream) => () => void {
  return (stream) => monitor.onStream(stream, call)
}

/**
 * Runs what a request asks for: interceptors, the input as its protocol and plugins read it, the procedure. A promise of its
 * output only where something in it is asynchronous, or fails in the procedure.
 */
export function runCall(incoming: IncomingCall, match: ProcedureMatch): unknown {
  const { request, context, session } = incoming
  if (session.interceptors.length === 0) return runProcedure(incoming, match, context, request)
  const options = Object.assign(new LateSignal(request), { request, context, path: match.path })
  const work = async (options: HandlerInterceptorOptions): Promise<unknown> =>
    runProcedure(incoming, match, options.context, options)
  return intercept(session.interceptors, options, work)
}

function runProcedure(
  { request, session }: IncomingCall,
  match: ProcedureMatch,
  context: Context,
  source: SignalSource,
): unknown {
  const { codec, inputMaps } = session
  const { path, procedure } = match
  const lastEventId = readLastEventId(request)
  const call = (input: unknown): unknown => callProcedure(procedure, { input, context, source, lastEventId, path })
  const decoding = codec.decodeInput(request, match)
  const input = inputMaps.length === 0 ? decoding : mapInput(inputMaps, decoding, match)
  return input instanceof Promise ? input.then(call) : call(input)
}

async function mapInput(maps: readonly InputMap[], decoding: unknown, match: ProcedureMatch): Promise<unknown> {
  let input = await decoding
  for (const map of maps) input = await map(input, match)
  return input
}

function readLastEventId(request: ServerRequest): string | undefined {
  const header = request.header('last-event-id')
  if (header === undefined || header === '') return undefined
  if (header.length > MAX_EVENT_ID_BYTES) {
    throw new RPCError('BAD_REQUEST', {
      message: `The last-event-id header is longer than ${MAX_EVENT_ID_BYTES} bytes`,
    })
  }
  return fromEventIdHeader(header)
}

/** An error whose own data cannot be encoded is a bug of ours like any other. */
export function encodeError(codec: Codec, error: unknown, match?: ProcedureMatch): ServerResponse {
  try {
    return codec.encodeError(toRPCError(error), match)
  } catch (cause) {
    return codec.encodeError(toRPCError(cause), match)
  }
}
