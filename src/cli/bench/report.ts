import type { CallTally } from './run-calls.ts'
import { StreamTally } from './run-streams.ts'

/** What was measured, for programs. Times in ms. */
export function toReport(tally: CallTally): Readonly<Record<string, unknown>> {
  const seconds = tally.elapsed / 1000
  const errors = Object.fromEntries(tally.errors)
  const latency = tally.latencies.count === 0 ? undefined : tally.latencies.summary()
  if (tally instanceof StreamTally) {
    const { started, events, cuts, gaps, ended } = tally
    const rate = round(events / seconds)
    return {
      streams: started,
      seconds: round(seconds),
      events,
      eventsPerSecond: rate,
      opening: latency,
      cuts,
      gaps,
      ended,
      errors,
    }
  }
  const { answered } = tally
  return { seconds: round(seconds), calls: answered, callsPerSecond: round(answered / seconds), latency, errors }
}

/** The same for people. */
export function describeReport(tally: CallTally): string {
  const seconds = tally.elapsed / 1000
  const lines: [string, string][] = []
  if (tally instanceof StreamTally) {
    lines.push(['streams', `${tally.started} opened, ${tally.ended} ended`])
    lines.push(['events', `${format(tally.events)}, ${format(tally.events / seconds)} per second`])
    lines.push(['cuts, gaps', `${tally.cuts}, ${tally.gaps}`])
  } else {
    lines.push(['calls', `${format(tally.answered)}, ${format(tally.answered / seconds)} per second`])
  }
  const errors = [...tally.errors].map(([code, count]) => `${code} ${format(count)}`)
  lines.push(['errors', errors.length === 0 ? 'none' : errors.join(', ')])
  if (tally.latencies.count > 0) {
    const times = Object.entries(tally.latencies.summary()).map(([name, value]) => `${name} ${format(value)}`)
    lines.push([tally instanceof StreamTally ? 'opening, ms' : 'latency, ms', times.join('  ')])
  }
  return `${lines.map(([name, value]) => `${name.padEnd(13)}${value}`).join('\n')}\n`
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000
}

function format(value: number): string {
  const digits = value === 0 || Number.isInteger(value) ? 0 : Math.max(0, 2 - Math.floor(Math.log10(value)))
  return value.toLocaleString('en', { maximumFractionDigits: Math.min(digits, 4) })
}
