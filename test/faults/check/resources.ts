import type { Entry, Setting, Violation } from '../history.ts'

/** How often a process may read its log for each event that is published, and besides. It must not depend on its readers. */
const READS = { perEvent: 2, besides: 300 }

/** S5, S6, O2, O4: bounded buffers, no event on credentials that are over, shared reads, and nothing left in the end. */
export function checkResources(history: readonly Entry[], setting: Setting): Violation[] {
  const violations: Violation[] = []
  const expiries = new Map<string, number>()
  const published = new Set<string>()
  for (const entry of history) {
    if (entry.type === 'publish') published.add(entry.event)
    if (entry.type === 'token') expiries.set(entry.reader, entry.expires)
    if (entry.type === 'seen') {
      const expires = expiries.get(entry.reader)
      if (expires === undefined || entry.at <= expires + setting.slack) continue
      const what = `It got ${entry.event} ${Math.round(entry.at - expires)} ms after its credentials were over`
      violations.push({ promise: 'S6', at: entry.at, who: entry.reader, what, events: [entry.event] })
    }
    if (entry.type !== 'figures') continue
    const violate = (promise: 'S5' | 'O2' | 'O4', what: string): void =>
      void violations.push({ promise, at: entry.at, who: entry.process, what, events: [] })
    if (entry.buffered > setting.maxBuffered) violate('S5', `${entry.buffered} bytes waited for one connection`)
    if (entry.reads > published.size * READS.perEvent + READS.besides)
      violate('O2', `It read the log ${entry.reads} times for ${published.size} events`)
    if (entry.when === 'end' && entry.streams > 0)
      violate('O4', `${entry.streams} subscriptions are open, and nobody is there`)
    if (entry.left !== undefined && entry.left.length > 0)
      violate('O4', `Closed, it was kept alive by ${entry.left.join(', ')}`)
  }
  return violations
}
