import type { Entry, Setting, Violation } from '../history.ts'
import { Disturbances } from './disturbances.ts'

/**
 * P5: whoever reads, and however slowly, publishers do not wait for it. Nothing but a fault that is in the publishers' own way
 * excuses an acknowledgement that takes long.
 */
export function checkLatency(history: readonly Entry[], setting: Setting): Violation[] {
  const { patience, publishPatience } = setting
  const disturbances = new Disturbances(history)
  const violations: Violation[] = []
  const publishedAt = new Map<string, number>()
  for (const entry of history) {
    // What waits in a transaction may wait for its owner.
    if (entry.type === 'publish' && !entry.transaction) publishedAt.set(entry.event, entry.at)
    const at = entry.type === 'acked' ? publishedAt.get(entry.event) : undefined
    if (entry.type !== 'acked' || at === undefined || entry.at - at <= publishPatience) continue
    // Once healed, a log takes a moment to come back.
    if (!disturbances.isCalm(at - patience, entry.at, ({ hindersPublishers }) => hindersPublishers === true)) continue
    const what = `${entry.event} was acknowledged ${Math.round(entry.at - at)} ms after it was published, and no fault was in its way`
    violations.push({ promise: 'P5', at: entry.at, who: entry.event.split('/')[0] ?? '', what, events: [entry.event] })
  }
  return violations
}
