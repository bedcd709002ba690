import type { Entry, Setting, Violation } from '../history.ts'

/** How long a token may be over, in ms, before what still comes is a violation: clocks and pipes take their time. */
const EXPIRY_SLACK = 1000

/** S5, S6, O4: bounded buffers, no event on credentials that are over, and nothing left when all have gone. */
export function checkResources(history: readonly Entry[], setting: Setting): Violation[] {
  const violations: Violation[] = []
  const expiries = new Map<string, number>()
  for (const entry of history) {
    if (entry.type === 'token') expiries.set(entry.reader, entry.expires)
    if (entry.type === 'seen') {
      const expires = expiries.get(entry.reader)
      if (expires === undefined || entry.at <= expires + EXPIRY_SLACK) continue
      const what = `It got ${entry.event} ${Math.round(entry.at - expires)} ms after its credentials were over`
      violations.push({ promise: 'S6', at: entry.at, who: entry.reader, what, events: [entry.event] })
    }
    if (entry.type !== 'figures') continue
    const violate = (promise: 'S5' | 'O4', what: string): void =>
      void violations.push({ promise, at: entry.at, who: entry.process, what, events: [] })
    if (entry.buffered > setting.maxBuffered) violate('S5', `${entry.buffered} bytes waited for one connection`)
    if (entry.when === 'end' && entry.streams > 0)
      violate('O4', `${entry.streams} subscriptions are open, and nobody is there`)
    if (entry.left !== undefined && entry.left.length > 0)
      violate('O4', `Closed, it was kept alive by ${entry.left.join(', ')}`)
  }
  return violations
}
