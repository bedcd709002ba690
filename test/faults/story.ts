import { formatCell } from './cells.ts'
import type { Entry, Violation } from './history.ts'
import type { Plan } from './plan.ts'

/** What is told of a run: how to see it again, what was not kept, and what happened around it. */
export interface Story {
  readonly plan: Plan
  readonly history: readonly Entry[]
  readonly violations: readonly Violation[]
  readonly command: string
}

/** So much time before a violation is told, in ms, and so many lines at most. */
const BEFORE = 1500
const MAX_LINES = 30
const MAX_VIOLATIONS = 8

/** The story for a terminal: each violation, then what its reader and the faults did before it. */
export function tellStory({ plan, history, violations, command }: Story): string {
  const lines = [
    `${formatCell(plan.cell)}, seed ${plan.seed}: ${violations.length} promises not kept`,
    `  again: ${command}`,
  ]
  const told = new Set<string>()
  for (const violation of violations) {
    // One of a kind tells what the others would tell again.
    const kind = `${violation.promise} ${violation.who}`
    if (told.has(kind) || told.size === MAX_VIOLATIONS) continue
    told.add(kind)
    const { promise, at, who, what } = violation
    lines.push('', `  ${promise} ${seconds(at)} ${who}: ${what}`, ...around(history, violation))
  }
  if (violations.length > told.size) lines.push('', `  … and ${violations.length - told.size} more`)
  return lines.join('\n')
}

function around(history: readonly Entry[], { at, who, events }: Violation): string[] {
  const wanted = new Set(events)
  const isTold = (entry: Entry): boolean => {
    if ('event' in entry && wanted.has(entry.event)) return true
    if (entry.at < at - BEFORE || entry.at > at + 100) return false
    if (entry.type === 'fault' || entry.type === 'healed') return true
    return 'reader' in entry && entry.reader === who
  }
  const told = history.filter(isTold).sort((one, other) => one.at - other.at)
  return told.slice(-MAX_LINES).map((entry) => `    ${seconds(entry.at)} ${sentence(entry)}`)
}

/** One thing that happened, in words. */
export function sentence(entry: Entry): string {
  switch (entry.type) {
    case 'publish':
      return `${entry.publisher} publishes ${entry.event} to ${entry.channel}${entry.attempt > 0 ? `, attempt ${entry.attempt + 1}` : ''}`
    case 'acked':
      return `${entry.event} is acknowledged${entry.duplicate ? ' as a duplicate' : ''} ${entry.id ?? ''}`
    case 'refused':
    case 'unknown':
      return `${entry.event} is ${entry.type}: ${entry.code}`
    case 'open':
      return `${entry.reader} opens ${entry.channel} over ${entry.transport} after ${entry.after}`
    case 'opened':
      return `${entry.reader} has opened its stream`
    case 'seen':
      return `${entry.reader} sees ${entry.event} ${entry.id}`
    case 'gap':
      return `${entry.reader} has a gap (${entry.reason}) after ${entry.lastEventId}: oldest ${entry.oldest}, head ${entry.head}`
    case 'failed':
      return `${entry.reader} fails: ${entry.code}, ${entry.message}`
    case 'refused-opening':
      return `${entry.reader} cannot open its stream: ${entry.code}`
    case 'token':
      return `${entry.reader} shows a token good until ${seconds(entry.expires)}`
    case 'done':
    case 'leaving':
    case 'left':
      return `${entry.reader} is ${entry.type}`
    case 'fault':
      return `FAULT ${entry.fault} on ${entry.target}`
    case 'healed':
      return `healed: ${entry.fault}`
    case 'listed':
      return `${entry.channel} has ${entry.events.length} events, trimmed ${entry.trimmed}`
    case 'figures':
      return `${entry.process}: ${entry.streams} streams, ${entry.buffered} bytes buffered, ${entry.reads} reads`
  }
}

function seconds(at: number): string {
  return `${(at / 1000).toFixed(3)} s`
}
