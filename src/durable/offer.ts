import type { RPCError } from '../core/error.ts'
import { randomToken } from '../core/random-token.ts'
import { CloseCode } from '../session/peer/connection.ts'

export const SUBPROTOCOL = 'headwater.1'

const TOKEN = 'headwater.token.'
const SEAT = 'headwater.seat.'

/** What a client says when it connects: in its subprotocols, since browsers let it say nothing elsewhere but in the URL. */
export interface Offer {
  readonly token: string
  readonly seat: string
  /** Whether it understands close codes. */
  readonly speaksHeadwater: boolean
}

export function toSubprotocols(token: string, seat: string): string[] {
  return [SUBPROTOCOL, TOKEN + token, SEAT + seat]
}

/** What of it is missing is empty, or made up. */
export function readOffer({ headers }: Request): Offer {
  const protocols = (headers.get('sec-websocket-protocol') ?? '').split(',').map((protocol) => protocol.trim())
  const find = (prefix: string): string | undefined =>
    protocols.find((protocol) => protocol.startsWith(prefix))?.slice(prefix.length)
  const token = find(TOKEN) ?? ''
  const seat = find(SEAT)
  return {
    token,
    seat: seat !== undefined && /^[0-9a-z]{16,64}$/.test(seat) ? seat : randomToken(24),
    speaksHeadwater: protocols.includes(SUBPROTOCOL),
  }
}

export function isUpgrade({ headers }: Request): boolean {
  return headers.get('upgrade')?.toLowerCase() === 'websocket'
}

/** A response that a server makes out of it what it is, where responses cannot be that themselves. */
export interface AcceptingResponse extends Response {
  /** Takes the socket, once it is open. */
  '~accept'?(socket: unknown): void
}

interface WorkersGlobals {
  readonly WebSocketPair?: new () => { readonly 0: unknown; readonly 1: WorkersSocket }
}

interface WorkersSocket {
  accept(): void
  close(code: number, reason: string): void
}

/**
 * Refuses a client. A page does not get to see why a handshake has failed and would try again: those that speak
 * `headwater.1` are let in and shown out, with a code that tells.
 */
export function refuse(request: Request, error: RPCError): Response {
  const code = error.code === 'TOKEN_EXPIRED' ? CloseCode.EXPIRED : 4000 + error.status
  const { WebSocketPair } = globalThis as WorkersGlobals
  if (isUpgrade(request) && readOffer(request).speaksHeadwater && WebSocketPair !== undefined) {
    const { 0: client, 1: server } = new WebSocketPair()
    server.accept()
    server.close(code, error.message)
    const headers = { 'sec-websocket-protocol': SUBPROTOCOL }
    return new Response(null, { status: 101, webSocket: client, headers } as ResponseInit)
  }
  const response: AcceptingResponse = new Response(error.message, { status: error.status })
  if (isUpgrade(request) && readOffer(request).speaksHeadwater) {
    response['~accept'] = (socket) => (socket as WorkersSocket).close(code, error.message)
  }
  return response
}
