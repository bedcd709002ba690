import type { Appended, AppendResult, NewRecord } from './event-log.ts'

/** What an append has added; `undefined` where the log does not know the place before it. */
export function appendedBy({ before, first, last }: AppendResult, records: readonly NewRecord[]): Appended | undefined {
  if (before === undefined) return undefined
  const stored = records.map(({ data }, index) => ({ offset: first.offset + index, tag: first.tag, data }))
  return { before, last, records: stored }
}
