import { type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { AcceptingResponse } from '../offer.ts'

/** What Workers call: the default export of a worker. */
export interface WorkerLike {
  fetch(request: Request, env: any, context: any): Response | Promise<Response>
}

/** What is needed of a `WebSocketServer` of `ws`, made with `noServer: true`. */
export interface WebSocketServerLike {
  handleUpgrade(request: any, socket: any, head: any, onOpen: (socket: any) => void): void
}

export interface ServeDurableObjectsOptions {
  /** Has the objects. */
  readonly host: { readonly env: object }
  /** Opens the sockets. */
  readonly webSockets: WebSocketServerLike
  /** Whether the worker answers plain requests, too, or leaves them to the server. Default `true`. */
  readonly requests?: boolean | undefined
}

/**
 * Serves a worker from a server of `node:http`: it gets requests and the `env` of the host, and lets sockets in to objects.
 *
 * @returns what stops it.
 * @example
 * serveDurableObjects(server, worker, { host, webSockets: new WebSocketServer({ noServer: true }) })
 */
export function serveDurableObjects(
  server: Server,
  worker: WorkerLike,
  { host, webSockets, requests = true }: ServeDurableObjectsOptions,
): () => void {
  const answer = async (request: IncomingMessage, signal: AbortSignal, body?: ReadableStream): Promise<Response> => {
    const asked = toRequest(request, signal, body)
    if (asked === undefined) return new Response('Bad Request', { status: 400 })
    try {
      return await worker.fetch(asked, host.env, CONTEXT)
    } catch (error) {
      console.error('headwater: a worker has failed.', error)
      return new Response('Internal Server Error', { status: 500 })
    }
  }

  const onRequest = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const left = new AbortController()
    response.once('close', () => left.abort())
    const hasBody = request.method !== 'GET' && request.method !== 'HEAD'
    const body = hasBody ? (Readable.toWeb(request) as ReadableStream) : undefined
    await send(response, await answer(request, left.signal, body))
  }

  const onUpgrade = async (request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> => {
    const left = new AbortController()
    const onGone = (): void => left.abort()
    socket.on('error', onGone).on('close', onGone)
    const response: AcceptingResponse = await answer(request, left.signal)
    if (left.signal.aborted) return
    socket.off('error', onGone).off('close', onGone)
    if (response['~accept'] !== undefined) {
      webSockets.handleUpgrade(request, socket, head, (opened) => response['~accept']?.(opened))
    } else if (response.status !== 404 || server.listenerCount('upgrade') === 1) await refuse(socket, response)
  }

  if (requests) server.on('request', onRequest)
  server.on('upgrade', onUpgrade)
  return () => void server.off('request', onRequest).off('upgrade', onUpgrade)
}

const CONTEXT = {
  waitUntil: (promise: Promise<unknown>): void => {
    Promise.resolve(promise).catch((error) => console.error('headwater: what a worker waits for has failed.', error))
  },
  passThroughOnException: (): void => {},
}

/** `undefined` for what is none: a method or a host that cannot be. */
function toRequest(request: IncomingMessage, signal: AbortSignal, body?: ReadableStream): Request | undefined {
  const { method = 'GET', url = '/', socket } = request
  const scheme = 'encrypted' in socket && socket.encrypted ? 'https' : 'http'
  const headers = new Headers()
  for (const [name, value] of Object.entries(request.headersDistinct)) {
    for (const one of value ?? []) headers.append(name, one)
  }
  const init = { method, headers, signal, ...(body === undefined ? {} : { body, duplex: 'half' }) }
  try {
    return new Request(`${scheme}://${request.headers.host ?? 'localhost'}${url}`, init as RequestInit)
  } catch {
    return undefined
  }
}

async function send(target: ServerResponse, response: Response): Promise<void> {
  const headers = [...response.headers].filter(([name]) => name !== 'set-cookie')
  target.writeHead(response.status, { ...Object.fromEntries(headers), 'set-cookie': response.headers.getSetCookie() })
  target.flushHeaders()
  if (response.body === null) target.end()
  // A client that leaves has ended it by its signal.
  else await pipeline(Readable.fromWeb(response.body as never), target).catch(() => {})
}

/** A server does not write answers to requests for an upgrade itself. */
async function refuse(socket: Duplex, response: Response): Promise<void> {
  const body = Buffer.from(await response.arrayBuffer())
  const headers = [...response.headers].map(([name, value]) => `${name}: ${value}\r\n`).join('')
  const { status } = response
  socket.on('error', () => {})
  socket.write(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${headers}connection: close\r\n`)
  socket.end(Buffer.concat([Buffer.from(`content-length: ${body.length}\r\n\r\n`), body]))
}
