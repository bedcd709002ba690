import { RPCError } from '../core/error.ts'

/** The value as JSON, with what JSON lacks as text, lists and pairs. */
export function toJSON(value: unknown, indent?: number): string {
  return JSON.stringify(value, replace, indent) ?? 'null'
}

function replace(_: string, value: unknown): unknown {
  if (typeof value === 'bigint' || value instanceof RegExp) return String(value)
  if (value instanceof Map) return [...value]
  if (value instanceof Set) return [...value]
  if (value instanceof Blob) {
    const { type, size } = value
    return value instanceof File ? { name: value.name, type, size } : { type, size }
  }
  return value
}

/** An error for people, on one line and its data below. */
export function describeError(error: unknown): string {
  if (!(error instanceof RPCError)) return error instanceof Error ? error.message : String(error)
  const { code, status, message, data, cause } = error
  const details = data === undefined || data === null ? '' : `\n${toJSON(data, 2)}`
  const text = `${code} (${status}): ${message}${describeCause(cause)}${details}`
  return UNTRUSTED.test(text) ? `${text}\n${HOW_TO_TRUST}` : text
}

/** What Node says of certificates that nobody whom it knows has signed. */
const UNTRUSTED = /self-signed certificate|unable to (verify the first|get local issuer) certificate/
const HOW_TO_TRUST = 'To trust the authority that has signed it: NODE_EXTRA_CA_CERTS=authority.pem npx headwater …'

/** An error for programs. */
export function errorToJSON(error: unknown): string {
  if (error instanceof RPCError) return toJSON({ error: error.toJSON() })
  return toJSON({ error: { message: describeError(error) } })
}

/** `fetch` hides what went wrong behind two causes. */
function describeCause(cause: unknown): string {
  const reasons: string[] = []
  for (let reason = cause; reason instanceof Error; reason = reason.cause) {
    const { code } = reason as { code?: unknown }
    reasons.push(reason.message || String(code ?? reason.name))
  }
  const last = reasons.at(-1)
  return last === undefined ? '' : ` (${last})`
}
