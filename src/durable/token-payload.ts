import { fromBase64 } from '../core/base64.ts'

/** What a token says. It is signed and not encrypted: the client can read it. */
export interface TokenPayload<Attachment = unknown> {
  /** The channel, which is the name of the object. */
  readonly chn: string
  readonly att: Attachment
  readonly tags: readonly string[]
  /** The methods that the client may call. */
  readonly rpc: readonly string[]
  /** When it was issued and when it expires, in seconds since 1970. */
  readonly iat: number
  readonly exp: number
}

export function isTokenPayload(value: object): value is TokenPayload {
  const { chn, tags, rpc, iat, exp } = value as Partial<Record<keyof TokenPayload, unknown>>
  return (
    typeof chn === 'string' && isStrings(tags) && isStrings(rpc) && typeof iat === 'number' && typeof exp === 'number'
  )
}

/** What a token says, unverified: for the client, whose business the signature is not. `undefined` if it is no token. */
export function readTokenPayload(token: string): TokenPayload | undefined {
  try {
    const [, encoded = ''] = token.split('.')
    const bytes = fromBase64(encoded.replaceAll('-', '+').replaceAll('_', '/'))
    const payload: unknown = JSON.parse(new TextDecoder().decode(bytes))
    return typeof payload === 'object' && payload !== null && isTokenPayload(payload) ? payload : undefined
  } catch {
    return undefined
  }
}

export function isExpired({ exp }: TokenPayload): boolean {
  return exp * 1000 <= Date.now()
}

function isStrings(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}
