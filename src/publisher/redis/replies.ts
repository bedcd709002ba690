import type { Head, Page, StoredRecord } from '../event-log.ts'
import type { Position } from '../position.ts'

export interface PageReply {
  readonly page: Page
  readonly head: Position
  readonly trimmed: Position
  /** Of the record after which was asked. */
  readonly tag: string | undefined
}

/** Clients may be set to give numbers as strings, and strings as buffers. */
export function parsePage(reply: unknown): PageReply {
  const [epoch = '', offset, tag = '', trimmed, trimmedTag = '', tagAfter = '', ...rest] = (reply as unknown[]).map(
    String,
  )
  const head: Position = { epoch, offset: Number(offset), tag }
  const records: StoredRecord[] = []
  for (let at = 0; at < rest.length; at += 3) {
    const [offset, tag = '', data = ''] = rest.slice(at, at + 3)
    records.push({ offset: Number(offset), tag, data })
  }
  const last = records.at(-1)
  const through = last === undefined ? head : { epoch, offset: last.offset, tag: last.tag }
  return {
    page: { records, through, position: head, trimmed: Number(trimmed) },
    head,
    trimmed: { epoch, offset: Number(trimmed), tag: trimmedTag },
    tag: tagAfter === '' ? undefined : tagAfter,
  }
}

export function parseHeads(reply: unknown): Head[] {
  const values = (reply as unknown[]).map(String)
  return Array.from({ length: values.length / 4 }, (_, index) => {
    const [epoch = '', offset, tag = '', trimmed] = values.slice(index * 4, index * 4 + 4)
    return { position: { epoch, offset: Number(offset), tag }, trimmed: Number(trimmed) }
  })
}
