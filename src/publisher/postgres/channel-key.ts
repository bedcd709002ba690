import { createHash } from 'node:crypto'
import { remembered } from '../remembered.ts'

/** What Postgres indexes is short. */
const LONGEST = 1000

/**
 * A name as Postgres keeps it whole: no NUL, no half of a surrogate pair, and no more than it indexes. Different names
 * have different keys; long ones are known by their hash, behind a quote, which no other key has.
 */
export const keyOf: (name: string) => string = remembered((name) => {
  const escaped = JSON.stringify(name).slice(1, -1)
  if (Buffer.byteLength(escaped) <= LONGEST) return escaped
  return `"${createHash('sha256').update(escaped).digest('hex')}`
})

/** Strings as the text of a `text[]`: drivers differ in how they send arrays. */
export function toArray(strings: readonly string[]): string {
  return `{${strings.map((string) => `"${string.replace(/["\\]/g, '\\$&')}"`).join(',')}}`
}
