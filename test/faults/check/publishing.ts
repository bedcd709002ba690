import type { Entry, Setting, Violation } from '../history.ts'
import { type Ledger, parsePlace } from './ledger.ts'

interface Fate {
  ids: Set<string>
  acked: boolean
  /** When it was acknowledged first. */
  ackedAt: number
  lastAckedAt: number
  refused: string | undefined
  unknown: boolean
  at: number
}

/** P1, P2, P4: what was acknowledged is there, once; what was refused or rolled back is nowhere. */
export function checkPublishing(history: readonly Entry[], ledger: Ledger, setting: Setting): Violation[] {
  const violations: Violation[] = []
  const fates = new Map<string, Fate>()
  const fateOf = (event: string, at: number): Fate => {
    const fate = fates.get(event) ?? {
      ids: new Set(),
      acked: false,
      ackedAt: at,
      lastAckedAt: at,
      refused: undefined,
      unknown: false,
      at,
    }
    fates.set(event, fate)
    return fate
  }
  const mayLose = history.some((entry) => entry.type === 'fault' && entry.losesHistory)
  for (const entry of history) {
    if (entry.type === 'acked') {
      const fate = fateOf(entry.event, entry.at)
      fate.ackedAt = fate.acked ? fate.ackedAt : entry.at
      fate.lastAckedAt = entry.at
      fate.acked = true
      if (entry.id !== undefined) fate.ids.add(entry.id)
    }
    if (entry.type === 'refused') fateOf(entry.event, entry.at).refused = entry.code
    if (entry.type === 'unknown') fateOf(entry.event, entry.at).unknown = true
    if (entry.type === 'seen' && fateOf(entry.event, entry.at).ids.size < 9)
      fateOf(entry.event, entry.at).ids.add(entry.id)
  }
  for (const { events, at } of ledger.listings.values())
    for (const { event, id } of events) fateOf(event, at).ids.add(id)

  for (const [event, fate] of fates) {
    const [publishing] = ledger.publishings.get(event) ?? []
    if (publishing === undefined) continue
    const violate = (promise: 'P1' | 'P2' | 'P4', what: string): void =>
      void violations.push({ promise, at: fate.at, who: publishing.publisher, what, events: [event] })
    const repeated = repeats(fate.ids)
    // Who repeats a publish after its key was forgotten publishes again.
    const isRemembered = fate.lastAckedAt - publishing.at < setting.keysKept
    if (repeated !== undefined && isRemembered) violate('P2', `${event} stands in the log twice: ${repeated}`)
    const isRefused = fate.refused !== undefined && !fate.acked && !fate.unknown
    if (isRefused && fate.ids.size > 0)
      violate(publishing.transaction ? 'P4' : 'P1', `${event} was refused (${fate.refused}) and is there all the same`)
    const lost = fate.acked ? isLost(event, fate, publishing.channel, ledger, setting, mayLose) : undefined
    if (lost !== undefined) violate('P1', lost)
  }
  return violations
}

/** The same event at two places of one epoch. Another epoch has forgotten its keys. */
function repeats(ids: ReadonlySet<string>): string | undefined {
  const byEpoch = new Map<string, string>()
  for (const id of ids) {
    const place = parsePlace(id)
    const epoch = place?.epoch ?? ''
    const known = byEpoch.get(epoch)
    if (known !== undefined && parsePlace(known)?.offset !== place?.offset) return `${known} and ${id}`
    byEpoch.set(epoch, id)
  }
  return undefined
}

function isLost(
  event: string,
  fate: Fate,
  channel: string,
  ledger: Ledger,
  { retention }: Setting,
  mayLose: boolean,
): string | undefined {
  const listing = ledger.listings.get(channel)
  // What was acknowledged when the log had been listed already, the listing cannot know.
  if (listing === undefined || fate.ackedAt > listing.at) return undefined
  if (listing.events.some((listed) => listed.event === event)) return undefined
  const places = [...fate.ids].map(parsePlace)
  const here = places.find((place) => place?.epoch === listing.epoch)
  if (here === undefined) {
    if (mayLose) return undefined
    // Of a batch only the last one's id is told.
    const isTrimmable = retention.events !== undefined || retention.seconds !== undefined
    if (places.length === 0 && isTrimmable) return undefined
    return `${event} was acknowledged and is nowhere`
  }
  if (here.offset > listing.trimmed) return `${event} was acknowledged at ${[...fate.ids].join()} and is gone`
  return undefined
}

/** P3: the log has each publisher's events in the order of its calls. */
export function checkOrder(history: readonly Entry[], ledger: Ledger): Violation[] {
  const clean = new Set<string>()
  for (const entry of history) if (entry.type === 'acked') clean.add(entry.event)
  // One that was tried twice, or of which nobody knew for a while, has no place in the order of the calls.
  for (const entry of history) if (entry.type === 'unknown') clean.delete(entry.event)
  const violations: Violation[] = []
  for (const channel of ledger.listings.keys()) {
    for (const epoch of ledger.epochsOf(channel)) {
      const latest = new Map<string, { number: number; event: string }>()
      for (const event of ledger.between(channel, epoch, 0, Number.POSITIVE_INFINITY)) {
        const [publishing, ...again] = ledger.publishings.get(event) ?? []
        if (publishing === undefined || again.length > 0 || !clean.has(event) || publishing.transaction) continue
        const { publisher, number } = publishing
        const before = latest.get(publisher)
        if (before !== undefined && before.number > number) {
          const what = `${event} was published before ${before.event} and stands behind it`
          violations.push({ promise: 'P3', at: 0, who: publisher, what, events: [event, before.event] })
        }
        latest.set(publisher, { number, event })
      }
    }
  }
  return violations
}
