import { jwtVerify, SignJWT } from 'jose'
import { RPCError } from '../core/error.ts'
import { isTokenPayload, type TokenPayload } from './token-payload.ts'

/** Signs and verifies tokens. Several of them, for rotation: the first one signs, all are accepted. */
export type SigningKey = string | Uint8Array | readonly (string | Uint8Array)[]

export interface TokenClaims {
  readonly channel: string
  readonly attachment: unknown
  readonly tags: readonly string[]
  readonly methods: readonly string[]
  /** In seconds. */
  readonly ttl: number
}

const ALGORITHM = 'HS256'

/** Tells these tokens from others that an application signs with the same key. */
const TYPE = 'durable+jwt'

/** @throws {TypeError} when the key is empty, or the attachment is no JSON. */
export function signToken(signingKey: SigningKey, claims: TokenClaims): Promise<string> {
  const { channel, attachment, tags, methods, ttl } = claims
  const [key] = toKeys(signingKey)
  const now = Math.floor(Date.now() / 1000)
  return new SignJWT({ chn: channel, att: attachment, tags, rpc: methods })
    .setProtectedHeader({ alg: ALGORITHM, typ: TYPE })
    .setIssuedAt(now)
    .setExpirationTime(now + ttl)
    .sign(key as Uint8Array)
}

/**
 * What a token says, if one of the keys has signed it and it is still good.
 *
 * @throws {RPCError} `TOKEN_EXPIRED` or `UNAUTHORIZED`, both with status 401.
 */
export async function verifyToken(signingKey: SigningKey, token: string): Promise<TokenPayload> {
  for (const key of toKeys(signingKey)) {
    const payload = await verifyWith(key, token)
    if (payload !== undefined) return payload
  }
  throw new RPCError('UNAUTHORIZED', { message: 'The token is not valid' })
}

/** `undefined` for a token that this key has not signed. The clock may be off by nothing: it is our own. */
async function verifyWith(key: Uint8Array, token: string): Promise<TokenPayload | undefined> {
  try {
    const options = { algorithms: [ALGORITHM], typ: TYPE, requiredClaims: ['chn', 'iat', 'exp'] }
    const { payload } = await jwtVerify(token, key, options)
    return isTokenPayload(payload) ? payload : undefined
  } catch (error) {
    // Only a signature that was right gets as far as that.
    if ((error as { code?: unknown }).code === 'ERR_JWT_EXPIRED') throw tokenExpired()
    return undefined
  }
}

export function tokenExpired(): RPCError {
  return new RPCError('TOKEN_EXPIRED', { status: 401, message: 'The token has expired' })
}

function toKeys(signingKey: SigningKey): Uint8Array[] {
  const keys = [signingKey ?? []].flat()
  const encoder = new TextEncoder()
  const bytes = keys.map((key) => (typeof key === 'string' ? encoder.encode(key) : (key as Uint8Array)))
  if (bytes.length === 0 || bytes.some((key) => !(key instanceof Uint8Array) || key.length === 0)) {
    throw new TypeError(
      'A `signingKey` is needed that is not empty: is the environment variable set that it comes from?',
    )
  }
  return bytes
}
