import { createHash } from 'node:crypto'
import { remembered } from './remembered.ts'

/** 96 bits of the SHA-256 of some strings, in characters that every engine takes in a name. */
export function digest(...strings: readonly string[]): string {
  // As JSON: what stands between two strings is not in them, and half a surrogate pair stays what it is.
  return createHash('sha256').update(JSON.stringify(strings)).digest('hex').slice(0, 24)
}

/** The digest of a channel's name. */
export const channelDigest: (name: string) => string = remembered((name) => digest(name))
