import { type Cell, FAULTS, type FaultName, faultsOf, hasPorts } from './cells.ts'
import type { LogSetting, PublishCommand, ReadCommand } from './program/commands.ts'
import { Random } from './random.ts'

/** What a run will do and when: the same for the same seed and cell, however the machine is. */
export interface Plan {
  readonly seed: number
  readonly cell: Cell
  readonly retention: LogSetting['retention']
  readonly servers: number
  readonly clients: number
  /** For how long it publishes, in ms. */
  readonly length: number
  readonly steps: readonly Step[]
}

export type Step = { readonly at: number } & (
  | { readonly do: 'publish'; readonly host: number; readonly command: PublishCommand }
  /** The same event with the same key from two processes at once. */
  | { readonly do: 'race'; readonly command: PublishCommand }
  | { readonly do: 'join'; readonly client: number; readonly command: Omit<ReadCommand, 'port'> }
  | { readonly do: 'leave'; readonly client: number; readonly reader: string }
  | {
      readonly do: 'strike'
      readonly fault: FaultName
      readonly target: number
      readonly lasts: number
      readonly by: number
    }
)

const LENGTH = 2200
const CHANNELS = ['room:1', 'ro}om:{2'] as const
/** Channels of which each has one reader and one event, at about the same time: nothing that follows makes up for it. */
const QUIET_CHANNELS = 3
const STORM_READERS = 24
/** How long a reader does not read at all, in ms: longer than publishers have patience. */
const STALL = 5000
/**
 * Of an event for slow readers, in characters. By the longer ones a socket has to wait: they are together more than the system's
 * own buffers take. Over a log's server they would keep the machine busy with nothing else.
 */
const LONG = 60_000
const LONGER = 200_000

/** What the retention of a run with the fault `trim` keeps. */
const KEPT = { events: 10 }
const KEPT_SECONDS = { seconds: 1 }

export function planRun(seed: number, cell: Cell): Plan {
  const random = new Random(seed)
  const faults = chooseFaults(random, cell)
  const has = (fault: FaultName): boolean => faults.includes(fault)
  const isPort = hasPorts(cell)
  const servers = cell.log === 'memory' ? (isPort ? 0 : 1) : isPort ? 1 : 2
  const clients = isPort && cell.log === 'memory' ? 1 : 2
  const strikes = faults.flatMap((fault) => planFault(random, fault))
  const steps = [
    ...planReaders(random, cell, clients, has),
    ...planPublishing(random, cell, has),
    ...planQuietChannels(random, cell, { clients, lastStrike: Math.max(0, ...strikes.map(({ at }) => at)) }),
    ...strikes,
  ]
  return {
    seed,
    cell,
    retention: has('trim') ? (cell.log === 'nats' ? KEPT_SECONDS : KEPT) : {},
    servers,
    clients,
    length: LENGTH,
    steps: steps.sort((one, other) => one.at - other.at),
  }
}

function chooseFaults(random: Random, cell: Cell): FaultName[] {
  if (cell.fault !== 'mixed') {
    // Who has a gap, or is one of very many, was away.
    // A process that was there all the time still has what it needs: only one that is new has to ask the log.
    if (cell.fault === 'trim') {
      const away: FaultName[] = ['trim', 'stop-client', 'kill-client']
      return cell.log === 'memory' || cell.transport === 'port' ? away : [...away, 'kill-server']
    }
    if (cell.fault === 'storm') return ['storm', cell.transport === 'port' ? 'cut-port' : 'cut']
    return [cell.fault]
  }
  const possible = faultsOf(cell.transport, cell.log).filter((fault) => fault !== 'storm' && fault !== 'slow')
  return [...new Set([random.pick(possible), random.pick(possible), random.pick(possible)])]
}

type Has = (fault: FaultName) => boolean

function planReaders(random: Random, cell: Cell, clients: number, has: Has): Step[] {
  const steps: Step[] = []
  const count = has('storm') ? STORM_READERS : random.integer(3, 5)
  const isStalling = has('slow')
  for (let number = 1; number <= count; number++) {
    const reader = `r${number}`
    const client = number % clients
    const after = random.chance(0.3) ? 'now' : 'start'
    const isSlow = isStalling && number % 2 === 0
    const isStalled = isStalling && number === 1
    const command = {
      do: 'read' as const,
      reader,
      channel: random.pick(CHANNELS),
      via:
        after === 'now'
          ? ('subscription' as const)
          : random.pick(['subscription', 'subscription', 'mapped', 'generator'] as const),
      after,
      pace: isSlow ? 40 : 0,
      pause: isStalled ? STALL : 0,
      // Some are over while history is still on its way.
      tokenTime: has('expiry') ? random.integer(100, 1200) : 0,
    }
    const joins = random.chance(0.5) ? 0 : random.integer(0, LENGTH / 2)
    const at = isStalled ? 0 : joins
    const leaves = number > 2 && random.chance(0.3) ? at + random.integer(200, 900) : undefined
    for (const twin of twinsOf(reader, cell)) {
      steps.push({ at, do: 'join', client, command: { ...command, ...twin } })
      if (leaves !== undefined) steps.push({ at: leaves, do: 'leave', client, reader: twin.reader })
    }
  }
  return steps
}

/** One reader over the cell's transport, or one over each. */
function twinsOf(reader: string, { transport }: Cell): Pick<ReadCommand, 'reader' | 'transport'>[] {
  if (transport !== 'all') return [{ reader, transport }]
  return (['sse', 'ws', 'port'] as const).map((one) => ({ reader: `${reader}.${one}`, transport: one }))
}

function planPublishing(random: Random, { log }: Cell, has: Has): Step[] {
  const steps: Step[] = []
  const long = log === 'memory' ? LONGER : LONG
  let number = 0
  let at = 0
  while (at < LENGTH) {
    at += random.integer(5, 70)
    const host = random.integer(0, 3)
    const publisher = `p${host}`
    const how = random.pick(waysOf(log))
    const isRace = how === 'keyed' && random.chance(0.15)
    const count = isRace ? 1 : random.integer(1, how === 'keyed' ? 3 : 6)
    const events = Array.from({ length: count }, () => ({ event: `${publisher}/${++number}`, number }))
    const size = has('slow') ? long : random.chance(0.05) ? 20_000 : random.integer(10, 300)
    const channel = random.pick(CHANNELS)
    const command = { do: 'publish' as const, channel, publisher, events, how, attempt: 0, size }
    steps.push(isRace ? { at, do: 'race', command } : { at, do: 'publish', host, command })
  }
  return steps
}

function planQuietChannels(
  random: Random,
  cell: Cell,
  { clients, lastStrike }: { readonly clients: number; readonly lastStrike: number },
): Step[] {
  return Array.from({ length: QUIET_CHANNELS }, (_, index): Step[] => {
    const [channel, publisher] = [`quiet:${index}`, `pq${index}`]
    // One waits for what comes while a fault strikes: it has to know where it is before it has seen anything.
    const isWaiting = index === 0
    const at = isWaiting ? 0 : random.integer(100, LENGTH - 200)
    const base = !isWaiting ? at : lastStrike > LENGTH / 2 ? lastStrike : LENGTH - 600
    const publishAt = base + random.integer(0, isWaiting ? 40 : 150)
    const events = [{ event: `${publisher}/1`, number: 1 }]
    const publish = { do: 'publish', channel, publisher, events, how: 'keyed', attempt: 0, size: 50 } as const
    const joins = twinsOf(`q${index}`, cell).map((twin): Step => {
      const after = isWaiting ? 'now' : 'start'
      const steady = { via: 'subscription', pace: 0, pause: 0, tokenTime: 0 } as const
      return { at, do: 'join', client: index % clients, command: { do: 'read', channel, after, ...steady, ...twin } }
    })
    return [...joins, { at: publishAt, do: 'publish', host: random.integer(0, 3), command: publish }]
  }).flat()
}

/** What a log cannot do is not asked of it. */
function waysOf(log: Cell['log']): PublishCommand['how'][] {
  if (log === 'nats') return ['keyed', 'keyed', 'plain']
  if (log === 'sqlite' || log === 'postgres') return ['keyed', 'keyed', 'plain', 'batch', 'commit', 'rollback']
  return ['keyed', 'keyed', 'plain', 'batch']
}

/** One that strikes does so several times. */
function planFault(random: Random, fault: FaultName): Step[] {
  const { kind, lasts } = FAULTS[fault]
  if (kind === 'setting') return []
  const times = lasts[1] === 0 ? (fault === 'flush-log' ? 1 : random.integer(2, 4)) : 1
  return Array.from({ length: times }, () => ({
    at: random.integer(200, LENGTH - 300),
    do: 'strike' as const,
    fault,
    target: random.integer(0, 3),
    lasts: random.integer(lasts[0], lasts[1]),
    // By how much a clock is set: both ways, by less than anything is kept.
    by: random.pick([-1, 1]) * random.integer(1000, 20 * 60_000),
  }))
}
