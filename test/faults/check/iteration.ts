import type { Entry, Opening, Setting, Violation } from '../history.ts'
import { Disturbances } from './disturbances.ts'
import { type Ledger, type Place, parsePlace } from './ledger.ts'
import { beganAt } from './promptness.ts'

/** How far one reader has come. */
interface Reading {
  readonly opening: Opening
  /** Everything up to here was seen; unknown before the first event of one that began anywhere. */
  place: Place | undefined
  /** When one that began with `'now'` had begun for sure. */
  since: number | undefined
}

/**
 * S1 and S2: between an opening and its end, a reader sees every event of its channel behind the place where it began,
 * once and in the log's order, or a gap; nothing but an error ends its stream.
 */
export function checkIteration(history: readonly Entry[], ledger: Ledger, setting: Setting): Violation[] {
  const violations: Violation[] = []
  const readings = new Map<string, Reading>()
  const disturbances = new Disturbances(history)
  for (const entry of history) {
    const violate = (promise: 'S1' | 'S2', who: string, what: string, events: readonly string[] = []): void =>
      void violations.push({ promise, at: entry.at, who, what, events })
    switch (entry.type) {
      case 'open': {
        readings.set(entry.reader, { opening: entry, place: parsePlace(entry.after), since: undefined })
        break
      }
      case 'opened': {
        const reading = readings.get(entry.reader)
        if (reading !== undefined) reading.since = beganAt(entry.at, disturbances, setting.slack)
        break
      }
      case 'seen': {
        const reading = readings.get(entry.reader)
        if (reading === undefined) violate('S1', entry.reader, 'It got an event after it had left', [entry.event])
        else if (!entry.intact) violate('S1', entry.reader, `${entry.event} was not what was published`, [entry.event])
        else
          for (const [what, events] of step(entry, reading, ledger, setting)) violate('S1', entry.reader, what, events)
        break
      }
      case 'gap':
      case 'left':
        readings.delete(entry.reader)
        break
      case 'done':
        violate('S2', entry.reader, 'Its stream was over, which nobody had ended')
        break
      case 'failed':
        if (entry.code !== 'UNAUTHORIZED')
          violate('S2', entry.reader, `Its stream failed: ${entry.code}, ${entry.message}`)
    }
  }
  return violations
}

type Finding = readonly [what: string, events: readonly string[]]

function step(
  { event, id }: { readonly event: string; readonly id: string },
  reading: Reading,
  ledger: Ledger,
  setting: Setting,
): Finding[] {
  const { channel, after } = reading.opening
  const before = reading.place
  const place = parsePlace(id)
  if (place === undefined) return [[`${event} came with the id ${id}`, [event]]]
  reading.place = place
  if (ledger.channelOf(event) === undefined) return [[`${event} was never published`, [event]]]
  if (ledger.channelOf(event) !== channel) return [[`${event} is of another channel`, [event]]]
  if (before === undefined)
    return after === 'start' ? beginning(place, channel, ledger, setting) : waiting(place, reading, ledger)
  if (before.epoch !== place.epoch) return [['The history was another one without a word of a gap', [event]]]
  if (before.offset === place.offset) return [[`${event} came twice`, [event]]]
  if (before.offset > place.offset) return [[`${event} came after what follows it`, [event]]]
  const missed = ledger.between(channel, place.epoch, before.offset, place.offset)
  if (missed.length > 0) return [[`A hole of ${missed.length} before ${event}`, missed]]
  if (setting.offsets === 'contiguous' && place.offset !== before.offset + 1)
    return [[`A hole of ${place.offset - before.offset - 1} before ${event}, of which nobody knows`, [event]]]
  return []
}

/** Who waits for what is new misses nothing of it, though it has no event yet to go on from. */
function waiting(place: Place, { opening, since = Number.POSITIVE_INFINITY }: Reading, ledger: Ledger): Finding[] {
  const before = ledger.between(opening.channel, place.epoch, 0, place.offset)
  const missed = before.filter((event) => ledger.publishedAt(event) > since)
  return missed.length > 0 ? [[`A hole of ${missed.length} after its opening`, missed]] : []
}

/** From the start is from the oldest event, unless the retention may have been faster. */
function beginning(place: Place, channel: string, ledger: Ledger, setting: Setting): Finding[] {
  if (setting.retention.events !== undefined || setting.retention.seconds !== undefined) return []
  const missed = ledger.between(channel, place.epoch, 0, place.offset)
  if (missed.length > 0) return [[`A hole of ${missed.length} at the start`, missed]]
  return []
}
