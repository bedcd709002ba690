import type { NewRecord } from './event-log.ts'

/** The first character of a record's text. Whoever changes the format raises it, and still reads the older ones. */
const VERSION = '1'

/** As many characters as the format gives a tag. */
export const RECORD_TAG_LENGTH = 6

/** A record as one text with its tag, for engines that store messages: `1`, the tag, the data. */
export function formatRecord(tag: string, { data }: NewRecord): string {
  return `${VERSION}${tag}${data}`
}

/** @throws {Error} for what was written by a later version, or by somebody else. */
export function parseRecord(text: string): { readonly tag: string; readonly data: string } {
  if (text[0] !== VERSION || text.length < 1 + RECORD_TAG_LENGTH)
    throw new Error(`The log has a record of a form that this version does not know: ${text.slice(0, 20)}`)
  return { tag: text.slice(1, 1 + RECORD_TAG_LENGTH), data: text.slice(1 + RECORD_TAG_LENGTH) }
}
