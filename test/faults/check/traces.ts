import type { Entry, Setting, Violation } from '../history.ts'
import { parsePlace } from './ledger.ts'

interface Trace {
  readonly reader: string
  readonly seen: { readonly event: string; readonly id: string; readonly at: number }[]
  isOver: boolean
}

/**
 * S7: readers of one channel who began at its start see the same events under the same ids in the same order, each over
 * another transport. Up to a gap: when it comes depends on how far each of them was.
 */
export function checkTraces(history: readonly Entry[], { retention }: Setting): Violation[] {
  if (retention.events !== undefined || retention.seconds !== undefined) return []
  return [...twinTraces(history).values()].flatMap(([first, ...others]) =>
    first === undefined ? [] : others.flatMap((other) => difference(first, other) ?? []),
  )
}

/** By the name that twins share: `r1` for `r1.sse` and `r1.ws`. */
function twinTraces(history: readonly Entry[]): Map<string, Trace[]> {
  const traces = new Map<string, Trace>()
  for (const entry of history) {
    if (!('reader' in entry) || !entry.reader.includes('.')) continue
    const trace = traces.get(entry.reader)
    if (entry.type === 'open' && trace === undefined && entry.after === 'start')
      traces.set(entry.reader, { reader: entry.reader, seen: [], isOver: false })
    if (entry.type === 'seen' && trace?.isOver === false) trace.seen.push(entry)
    if (entry.type === 'gap' && trace !== undefined) trace.isOver = true
  }
  const twins = new Map<string, Trace[]>()
  for (const trace of traces.values()) {
    const name = trace.reader.split('.')[0] as string
    twins.set(name, [...(twins.get(name) ?? []), trace])
  }
  return twins
}

function difference(one: Trace, other: Trace): Violation | undefined {
  const epochOf = ({ seen: [first] }: Trace): string | undefined => parsePlace(first?.id ?? '')?.epoch
  // One of them began when there was another history.
  if (epochOf(one) !== epochOf(other)) return undefined
  for (const [index, { event, id, at }] of other.seen.entries()) {
    const twin = one.seen[index]
    if (twin === undefined || (twin.event === event && twin.id === id)) continue
    const what = `Its event ${index + 1} is ${event} ${id}, and ${twin.event} ${twin.id} to ${one.reader}`
    return { promise: 'S7', at, who: other.reader, what, events: [event, twin.event] }
  }
  return undefined
}
