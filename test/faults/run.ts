import { formatCell } from './cells.ts'
import { checkHistory } from './check/check-history.ts'
import { Ledger } from './check/ledger.ts'
import { checkCompleteness } from './check/promptness.ts'
import type { Child } from './child.ts'
import type { Engine } from './engines.ts'
import type { Entry, Figures, Happening, Listing, Setting, Violation } from './history.ts'
import { Hosts } from './hosts.ts'
import type { Plan, Step } from './plan.ts'
import { KEYS_KEPT } from './program/commands.ts'
import { FaultProxy } from './proxy.ts'
import { Publications } from './publications.ts'
import { Readership } from './readership.ts'
import { slownessNow, stretchNow } from './stretch.ts'
import { Striker } from './striker.ts'

export interface RunResult {
  readonly plan: Plan
  readonly history: readonly Entry[]
  readonly violations: readonly Violation[]
}

export interface RunOptions {
  /** The bundled program. */
  readonly path: string
  readonly engine: Engine
  /** How many runs are under way at once. */
  readonly lanes: number
}

/** How late an event may come at worst, in ms: a connection that is dead without a word, a lost wake-up, a log that hangs. */
const PATIENCE = 6000
/** How long an acknowledgement may take that nothing hinders, in ms: less than readers stall that do. */
const PUBLISH_PATIENCE = 3000
const SLACK = 1000
/** How long it may take until all is quiet at the end, in ms. */
const SETTLE = 15_000
/** Longer than any of its waits together: who takes as long, in ms, does not come to an end. */
const LONGEST = 240_000
const MAX_BUFFERED = 1024 * 1024

let runs = 0

/** Carries out a plan with real processes, and has its history checked. */
export async function run(plan: Plan, options: RunOptions): Promise<RunResult> {
  const history: Entry[] = []
  const crashes: Violation[] = []
  const startedAt = performance.timeOrigin + performance.now()
  const now = (): number => performance.timeOrigin + performance.now() - startedAt
  const tell = (happening: Happening): void => void history.push({ ...happening, at: now() })

  const { cell } = plan
  const { engine, lanes } = options
  const stretch = stretchNow(lanes)
  const slowness = slownessNow(lanes)
  const space = `faults_${process.pid}_${++runs}`
  const engineProxy = engine.port === undefined ? undefined : await FaultProxy.open(() => engine.port)
  const log = { name: cell.log, place: engine.place(engineProxy?.port ?? 0, space), space, retention: plan.retention }

  const hear = (message: any, from: Child): void => {
    if ('crash' in message) {
      crashes.push({ promise: 'O4', at: now(), who: from.name, what: `A crash: ${message.crash}`, events: [] })
      return
    }
    const { type, event, code } = message
    const expires = message.expires === undefined ? {} : { expires: message.expires - startedAt }
    history.push({ ...message, ...expires, at: message.at - startedAt })
    if (type === 'acked' || type === 'refused' || type === 'unknown') publications.settle(event, from.name, type, code)
    readership.hear(message)
  }
  const hosts = new Hosts({ path: options.path, cell, log, stretch, onMessage: hear })
  const publications = new Publications(hosts, tell)
  const readership = new Readership(hosts, tell)
  const striker = new Striker({
    cell,
    space,
    stretch,
    hosts,
    engine,
    engineProxy,
    tell,
    onClientKilled: (slot) => readership.gone(slot),
    onClientBack: (slot) => readership.back(slot),
    onHostGone: (name) => publications.forget(name),
  })

  const step = (step: Step): void => {
    if (step.do === 'publish') publications.publish(step.command, step.host)
    else if (step.do === 'race') publications.race(step.command)
    else if (step.do === 'join') readership.join(step.client, step.command)
    else if (step.do === 'leave') readership.leave(step.reader)
    else striker.strike(step)
  }

  let phase = 'starting its processes'
  const carryOut = async (): Promise<void> => {
    await hosts.start(plan.servers, plan.clients)
    phase = 'going through its plan'
    const begun = now()
    for (const next of plan.steps) {
      await sleep(begun + next.at * stretch - now())
      step(next)
    }
    phase = 'healing what was struck'
    await striker.healed()
    await until(() => publications.areSettled, SETTLE * slownessNow(lanes))
    if (!publications.areSettled) {
      const what = `Nobody answers for ${publications.left.length} publishes`
      crashes.push({ promise: 'P1', at: now(), who: 'publishers', what, events: publications.left })
    }
    phase = 'coming to rest'
    await settle({ hosts, readership, history, plan, engineProxy, lanes, stretch })
  }
  const closeAll = async (): Promise<void> => {
    await hosts.close()
    await engineProxy?.close()
  }
  const watchdog = new AbortController()
  const isStuck = sleep(LONGEST * Math.max(slowness, stretch), watchdog.signal).then(() => !watchdog.signal.aborted)
  try {
    if (await Promise.race([carryOut().then(() => false), isStuck])) {
      crashes.push({ promise: 'O4', at: now(), who: 'the run', what: `It hangs while ${phase}`, events: [] })
    }
  } finally {
    watchdog.abort()
    publications.stop()
    await Promise.race([closeAll(), sleep(SETTLE)])
  }
  return {
    plan,
    history,
    violations: [...crashes, ...checkHistory(history, settingOf(plan, Math.max(slowness, slownessNow(lanes))))],
  }
}

interface Settling {
  readonly hosts: Hosts
  readonly readership: Readership
  readonly history: Entry[]
  readonly plan: Plan
  readonly engineProxy: FaultProxy | undefined
  readonly lanes: number
  readonly stretch: number
}

/** Waits until everybody has all there is; then all leave, and nothing may be left of them. */
async function settle({ hosts, readership, history, plan, engineProxy, lanes, stretch }: Settling): Promise<void> {
  const { transport } = plan.cell
  const channels = channelsOf(plan)
  const setting = settingOf(plan, stretch)
  const limit = SETTLE * slownessNow(lanes)
  await until(() => readership.isOpen, limit)
  const [witness] = hosts.publishers
  for (const channel of channels) witness?.child.tell({ do: 'list', channel })
  const listings = (): (Listing & { at: number })[] => history.filter((entry) => entry.type === 'listed')
  await until(() => listings().length >= channels.length, limit)
  await until(() => checkCompleteness(history, new Ledger(history), setting).length === 0, limit, 100)

  const tellAll = (when: 'busy' | 'end'): void =>
    hosts.publishers.forEach(({ child }) => void child.tell({ do: 'figures', when }))
  tellAll('busy')
  readership.leaveAll()
  await until(() => readership.isEmpty, limit)
  // Whether a client is dead that a plain response is written to, only TCP can tell: minutes later.
  if (transport === 'sse' || transport === 'all') for (const { proxy } of hosts.clients) proxy?.bury()
  // Only the last word counts: a cancelled stream takes a moment to arrive.
  const isQuiet = async (): Promise<boolean> => {
    const before = history.length
    tellAll('end')
    await until(() => figuresSince(history, before).length >= hosts.publishers.length, 1000 * stretch)
    const isOver = figuresSince(history, before).every(({ streams }) => streams === 0)
    if (!isOver)
      history.splice(before, history.length, ...history.slice(before).filter(({ type }) => type !== 'figures'))
    return isOver
  }
  for (let attempts = 30; attempts > 0 && !(await isQuiet()); attempts--) await sleep(100)
  tellAll('end')
  for (const proxy of [engineProxy, ...hosts.clients.map(({ proxy }) => proxy)]) proxy?.bury()
  for (const { child } of hosts.all) child.tell({ do: 'close' })
  await Promise.race([Promise.all(hosts.all.map(({ child }) => child.ended)), sleep(6000 * stretch)])
}

function figuresSince(history: readonly Entry[], index: number): Figures[] {
  return history.slice(index).filter((entry) => entry.type === 'figures')
}

/** Resolves when it is so, or the time is up. */
async function until(isSo: () => boolean, milliseconds: number, every = 15): Promise<void> {
  for (const end = Date.now() + milliseconds; !isSo() && Date.now() < end; ) await sleep(every)
}

function sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, Math.max(0, milliseconds))
    signal?.addEventListener('abort', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}

function settingOf({ cell, retention }: Plan, slowness: number): Setting {
  return {
    offsets: cell.log === 'nats' ? 'ordered' : 'contiguous',
    retention,
    // JetStream remembers none for longer than its records.
    keysKept: Math.min(KEYS_KEPT, cell.log === 'nats' ? (retention.seconds ?? KEYS_KEPT) : KEYS_KEPT) * 1000,
    patience: PATIENCE * slowness,
    publishPatience: PUBLISH_PATIENCE * slowness,
    slack: SLACK * slowness,
    maxBuffered: MAX_BUFFERED,
  }
}

function channelsOf({ steps }: Plan): string[] {
  return [
    ...new Set(steps.flatMap((step) => (step.do === 'publish' || step.do === 'join' ? step.command.channel : []))),
  ]
}

/** How to see a run again. */
export function commandFor({ seed, cell }: Plan): string {
  return `npm run faults -- --cell ${formatCell(cell)} --seed ${seed}`
}
