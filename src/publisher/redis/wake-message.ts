import type { Appended, NewRecord, StoredRecord } from '../event-log.ts'

/** What is published of an append has its records, unless they are longer together. */
const LONGEST = 64 * 1024

/** The lengths of the records, by which a message is cut; empty when it shall have none. */
export function formatLengths(records: readonly NewRecord[]): string {
  const lengths = records.map(({ data }) => data.length)
  return lengths.reduce((sum, length) => sum + length, 0) > LONGEST ? '' : lengths.join(',')
}

/** The append that a message tells of: `epoch offset tag` of the place before it, its tag, the lengths, a line of its own, the records. */
export function parseWakeMessage(message: string): Appended | undefined {
  const end = message.indexOf('\n')
  const [epoch, offset, beforeTag, tag, lengths] = message.slice(0, Math.max(end, 0)).split(' ')
  if (epoch === undefined || beforeTag === undefined || tag === undefined || lengths === undefined) return undefined
  const before = { epoch, offset: Number(offset), tag: beforeTag }
  const records: StoredRecord[] = []
  let at = end + 1
  for (const length of lengths.split(',')) {
    const from = at
    at += Number(length)
    records.push({ offset: before.offset + records.length + 1, tag, data: message.slice(from, at) })
  }
  const last = { epoch, offset: before.offset + records.length, tag }
  return at === message.length ? { before, last, records } : undefined
}
