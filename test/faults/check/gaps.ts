import type { Entry, Gap, Setting, Violation } from '../history.ts'
import { type Ledger, type Place, parsePlace } from './ledger.ts'

/** A gap has to be true: nothing that is still there may be called gone, and nothing may go before its time (O1). */
export function checkGaps(history: readonly Entry[], ledger: Ledger, setting: Setting): Violation[] {
  const violations: Violation[] = []
  const channels = new Map<string, string>()
  const appendedAt = new Map<string, number>()
  let lossAt = Number.POSITIVE_INFINITY
  for (const entry of history) {
    if (entry.type === 'open') channels.set(entry.reader, entry.channel)
    if (entry.type === 'fault' && entry.losesHistory) lossAt = Math.min(lossAt, entry.at)
    if (entry.type === 'acked' || entry.type === 'seen')
      appendedAt.set(entry.event, Math.min(entry.at, appendedAt.get(entry.event) ?? entry.at))
    if (entry.type !== 'gap') continue
    const view = { channel: channels.get(entry.reader) ?? '', ledger, setting, appendedAt, lossAt }
    const wrong = whatIsWrong(entry, view)
    if (wrong !== undefined) violations.push({ ...wrong, at: entry.at, who: entry.reader, events: [] })
  }
  return violations
}

interface View {
  readonly channel: string
  readonly ledger: Ledger
  readonly setting: Setting
  readonly appendedAt: ReadonlyMap<string, number>
  readonly lossAt: number
}

type Wrong = Pick<Violation, 'promise' | 'what'>

function whatIsWrong(gap: Gap & { at: number }, view: View): Wrong | undefined {
  const [last, oldest, head] = [gap.lastEventId, gap.oldest, gap.head].map((id) => parsePlace(id ?? ''))
  if (gap.reason === 'overflow') return { promise: 'S5', what: 'It overflowed though there is a log' }
  if (oldest === undefined || head === undefined) return { promise: 'S1', what: 'A gap without a way to go on' }
  if (gap.reason === 'epoch') {
    if (view.lossAt <= gap.at) return undefined
    return { promise: 'P1', what: `History was lost, though no fault loses any: ${gap.lastEventId}, now ${gap.head}` }
  }
  if (last !== undefined && last.epoch === oldest.epoch && last.offset >= oldest.offset)
    return { promise: 'S1', what: `A gap where nothing is missing: ${gap.lastEventId} is not before ${gap.oldest}` }
  return trimmedTooEarly(gap, oldest, head, view)
}

/** With both limits the first one reached counts. */
function trimmedTooEarly(gap: Gap & { at: number }, oldest: Place, head: Place, view: View): Wrong | undefined {
  const { setting, ledger, channel, appendedAt } = view
  const { events, seconds } = setting.retention
  const kept = head.offset - oldest.offset
  if (events !== undefined && kept >= events) return undefined
  const gone = ledger.between(channel, oldest.epoch, 0, oldest.offset + 1)
  const newest = Math.max(...gone.map((event) => appendedAt.get(event) ?? 0))
  // The log's clock is not this one's: a little earlier is not too early.
  if (seconds !== undefined && (gone.length === 0 || gap.at - newest >= seconds * 1000 - 250)) return undefined
  return {
    promise: 'O1',
    what: `Trimmed before its time: ${kept} events are left, the newest gone is ${Math.round(gap.at - newest)} ms old`,
  }
}
