import type { Entry, Opening, Setting, Violation } from '../history.ts'
import { Disturbances } from './disturbances.ts'
import { type Ledger, parsePlace } from './ledger.ts'

/**
 * S3 and S4: once nothing is in the way any more, every reader gets what is new within the setting's patience, whatever
 * wake-ups or connections were lost before.
 */
export function checkPromptness(history: readonly Entry[], { patience }: Setting): Violation[] {
  const violations: Violation[] = []
  const acked = new Map<string, number>()
  const openings = new Map<string, Opening & { at: number }>()
  /** When the latest fault struck or was healed. */
  let disturbed = 0
  const underWay = new Set<string>()
  for (const entry of history) {
    if (entry.type === 'fault') underWay.add(entry.fault)
    if (entry.type === 'healed') underWay.delete(entry.fault)
    if (entry.type === 'fault' || entry.type === 'healed') disturbed = entry.at
    if (entry.type === 'open') openings.set(entry.reader, entry)
    if (entry.type === 'acked') acked.set(entry.event, entry.at)
    if (entry.type !== 'seen' || underWay.size > 0) continue
    const opening = openings.get(entry.reader)
    const ackedAt = acked.get(entry.event)
    if (opening === undefined || opening.slow || ackedAt === undefined) continue
    const due = Math.max(ackedAt, disturbed, opening.at) + patience
    if (entry.at <= due) continue
    const what = `${entry.event} came ${Math.round(entry.at - due + patience)} ms after nothing was in its way any more`
    violations.push({ promise: 'S3', at: entry.at, who: entry.reader, what, events: [entry.event] })
  }
  return violations
}

interface Reading {
  readonly channel: string
  last: string
  at: number
  /** When one that began with `'now'` had begun for sure. */
  since: number | undefined
}

/** Those who are there when the log is listed come to its end before they leave. */
export function checkCompleteness(history: readonly Entry[], ledger: Ledger, { slack }: Setting): Violation[] {
  const disturbances = new Disturbances(history)
  const readers = new Map<string, Reading>()
  const listed = new Set<string>()
  const leaving = new Set<string>()
  for (const entry of history) {
    if (entry.type === 'listed') listed.add(entry.channel)
    if (entry.type === 'leaving' && listed.size === 0) leaving.add(entry.reader)
    if (entry.type === 'open') {
      const { channel, after: last, at } = entry
      readers.set(entry.reader, { channel, last, at, since: undefined })
    }
    const reader = 'reader' in entry ? readers.get(entry.reader) : undefined
    if (reader === undefined) continue
    if (entry.type === 'opened') reader.since = beganAt(entry.at, disturbances, slack)
    if (entry.type === 'left' && !listed.has(reader.channel)) readers.delete(entry.reader)
    if (entry.type === 'seen') Object.assign(reader, { last: entry.id, at: entry.at })
  }
  return [...readers].flatMap(([who, { channel, last, at, since = Number.POSITIVE_INFINITY }]) => {
    const listing = ledger.listings.get(channel)
    if (listing === undefined || leaving.has(who)) return []
    const place = parsePlace(last)
    const after = Math.max(place?.epoch === listing.epoch ? place.offset : 0, listing.trimmed)
    const missing = ledger
      .between(channel, listing.epoch, after, Number.POSITIVE_INFINITY)
      .filter((event) => last !== 'now' || ledger.publishedAt(event) > since)
    if (missing.length === 0) return []
    const what = `It never got ${missing.length} events from ${missing[0]} on`
    return [{ promise: 'S3' as const, at, who, what, events: missing }]
  })
}

/** Soon after an opening that nothing disturbed, its client knows where it is; before, that is open. */
export function beganAt(openedAt: number, disturbances: Disturbances, slack: number): number | undefined {
  const since = openedAt + slack / 2
  return disturbances.isCalm(openedAt, since) ? since : undefined
}
