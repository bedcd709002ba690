import { RPCError } from '../core/error.ts'
import { isUpgrade, readOffer, refuse } from './offer.ts'
import { type SigningKey, verifyToken } from './token.ts'
import type { TokenPayload } from './token-payload.ts'

/** Where the objects are: a namespace of Workers, or one of `headwater/durable/node`. */
export interface ObjectNamespace {
  idFromName(name: string): any
  get(id: any): { fetch(request: any): Promise<any> }
}

export interface UpgradeDurableEventIteratorRequestOptions {
  /** The key that signs the tokens; several while they are being rotated. */
  readonly signingKey: SigningKey
  readonly namespace: ObjectNamespace
}

const PAYLOAD_HEADER = 'x-headwater-token-payload'

/**
 * Leads a client to the object that its token is for. Without a good token no object is touched.
 *
 * @example
 * return upgradeDurableEventIteratorRequest(request, { signingKey: env.SIGNING_KEY, namespace: env.CHAT_ROOM })
 */
export async function upgradeDurableEventIteratorRequest(
  request: Request,
  { signingKey, namespace }: UpgradeDurableEventIteratorRequestOptions,
): Promise<Response> {
  if (!isUpgrade(request)) {
    return new Response('Expected a WebSocket', { status: 426, headers: { upgrade: 'websocket' } })
  }
  try {
    const payload = await verifyToken(signingKey, readOffer(request).token)
    const headers = new Headers(request.headers)
    headers.set(PAYLOAD_HEADER, encodeURIComponent(JSON.stringify(payload)))
    const { url } = request
    return await namespace.get(namespace.idFromName(payload.chn)).fetch(new Request(url, { headers }))
  } catch (error) {
    if (error instanceof RPCError) return refuse(request, error)
    throw error
  }
}

/**
 * What the token of a request says that has come to an object.
 *
 * @param signingKey verifies it once more. Without one it has to have passed `upgradeDurableEventIteratorRequest`.
 * @throws {RPCError} when there is none.
 */
export async function readPayload(request: Request, signingKey: SigningKey | undefined): Promise<TokenPayload> {
  if (signingKey !== undefined) return verifyToken(signingKey, readOffer(request).token)
  const payload = request.headers.get(PAYLOAD_HEADER)
  if (payload !== null) return JSON.parse(decodeURIComponent(payload))
  throw new RPCError('UNAUTHORIZED', { message: 'Send this request through upgradeDurableEventIteratorRequest()' })
}
