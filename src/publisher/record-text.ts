import type { NewRecord } from './event-log.ts'
import { NO_TAG } from './position.ts'

/** The first character of a record's text. Whoever changes the format raises it, and still reads the older ones. */
const VERSION = '1'

/** As many characters as the format gives a tag. */
export const RECORD_TAG_LENGTH = 6

/** A record as one text with its tag, for engines that store messages: `1`, the tag, the data. */
export function formatRecord(tag: string, { data }: NewRecord): string {
  return `${VERSION}${tag}${data}`
}

/**
 * What was written by a later version, or by somebody else, has no data that anybody can read: it is an unreadable event
 * at its place, and keeps nobody from what comes after it.
 */
export function parseRecord(text: string): { readonly tag: string; readonly data: string } {
  if (!FORM.test(text)) return { tag: NO_TAG, data: '' }
  return { tag: text.slice(1, 1 + RECORD_TAG_LENGTH), data: text.slice(1 + RECORD_TAG_LENGTH) }
}

const FORM: RegExp = new RegExp(`^${VERSION}[0-9a-z]{${RECORD_TAG_LENGTH}}`)
