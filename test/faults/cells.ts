import type { LogSetting } from './program/commands.ts'

/** `'all'`: each reader has twins over the others, and they have to see the same. */
export type Transport = 'sse' | 'ws' | 'port' | 'all'
export type LogName = LogSetting['name']

export type FaultName =
  | 'cut'
  | 'reset'
  | 'eof'
  | 'stall'
  | 'half-open'
  | 'delay'
  | 'split'
  | 'coalesce'
  | 'buffering'
  | 'cut-port'
  | 'stall-port'
  | 'half-open-port'
  | 'delay-port'
  | 'kill-server'
  | 'stop-server'
  | 'deploy'
  | 'kill-client'
  | 'stop-client'
  | 'kill-log'
  | 'freeze-log'
  | 'flush-log'
  | 'cut-log'
  | 'stall-log'
  | 'half-open-log'
  | 'split-log'
  | 'lost-wakes'
  | 'some-lost-wakes'
  | 'doubled-wakes'
  | 'clock'
  | 'trim'
  | 'slow'
  | 'expiry'
  | 'storm'

/** What a fault is done to. */
type FaultKind = 'network' | 'port' | 'server' | 'client' | 'engine' | 'engine-network' | 'process' | 'setting'

interface FaultDefinition {
  readonly kind: FaultKind
  /** How long it lasts, in ms, at least and at most; 0: it strikes and is over. */
  readonly lasts: readonly [number, number]
  /** Only with these logs. */
  readonly logs?: readonly LogName[]
}

const STRIKES = [0, 0] as const

/** Every fault that a run may have, by name. */
export const FAULTS: Readonly<Record<FaultName, FaultDefinition>> = {
  cut: { kind: 'network', lasts: STRIKES },
  reset: { kind: 'network', lasts: STRIKES },
  eof: { kind: 'network', lasts: STRIKES },
  stall: { kind: 'network', lasts: [300, 1500] },
  'half-open': { kind: 'network', lasts: STRIKES },
  delay: { kind: 'network', lasts: [400, 1200] },
  split: { kind: 'network', lasts: [400, 1200] },
  coalesce: { kind: 'network', lasts: [400, 1200] },
  buffering: { kind: 'network', lasts: [600, 1500] },
  'cut-port': { kind: 'port', lasts: STRIKES },
  'stall-port': { kind: 'port', lasts: [300, 1000] },
  'half-open-port': { kind: 'port', lasts: STRIKES },
  'delay-port': { kind: 'port', lasts: [400, 1200] },
  'kill-server': { kind: 'server', lasts: [100, 600] },
  'stop-server': { kind: 'server', lasts: [300, 1500] },
  deploy: { kind: 'server', lasts: [100, 600] },
  'kill-client': { kind: 'client', lasts: [100, 800] },
  'stop-client': { kind: 'client', lasts: [300, 1500] },
  'kill-log': { kind: 'engine', lasts: [100, 500], logs: ['redis', 'postgres', 'nats'] },
  'freeze-log': { kind: 'engine', lasts: [300, 1200], logs: ['redis', 'nats'] },
  'flush-log': { kind: 'engine', lasts: STRIKES, logs: ['redis', 'postgres', 'nats'] },
  'cut-log': { kind: 'engine-network', lasts: STRIKES, logs: ['redis', 'postgres', 'nats'] },
  'stall-log': { kind: 'engine-network', lasts: [300, 1200], logs: ['redis', 'postgres', 'nats'] },
  'half-open-log': { kind: 'engine-network', lasts: STRIKES, logs: ['redis', 'postgres', 'nats'] },
  'split-log': { kind: 'engine-network', lasts: [400, 1200], logs: ['redis', 'postgres', 'nats'] },
  'lost-wakes': { kind: 'process', lasts: [500, 2000] },
  'some-lost-wakes': { kind: 'process', lasts: [500, 2000] },
  'doubled-wakes': { kind: 'process', lasts: [500, 2000] },
  clock: { kind: 'process', lasts: [300, 1200] },
  /** Channels keep so little that who is away for a while has a gap. */
  trim: { kind: 'setting', lasts: STRIKES },
  /** Readers that take their time, of events that are large. */
  slow: { kind: 'setting', lasts: STRIKES },
  /** Tokens that are soon over. */
  expiry: { kind: 'setting', lasts: STRIKES },
  /** Very many readers, cut at once. */
  storm: { kind: 'setting', lasts: STRIKES },
}

/** One field of the matrix. */
export interface Cell {
  readonly transport: Transport
  readonly log: LogName
  /** `'mixed'`: several, as the seed has them. */
  readonly fault: FaultName | 'mixed'
}

const TRANSPORTS: readonly Transport[] = ['sse', 'ws', 'port', 'all']
const LOG_NAMES: readonly LogName[] = ['memory', 'sqlite', 'redis', 'postgres', 'nats']

/** The faults that a transport and a log can have. */
export function faultsOf(transport: Transport, log: LogName): FaultName[] {
  const names = Object.keys(FAULTS) as FaultName[]
  return names.filter((name) => {
    const { kind, logs } = FAULTS[name]
    if (logs !== undefined && !logs.includes(log)) return false
    if (transport === 'all') return kind !== 'server' || log !== 'memory'
    if (transport === 'port') return kind !== 'network' && kind !== 'server'
    return kind !== 'port'
  })
}

export function formatCell({ transport, log, fault }: Cell): string {
  return `${transport}/${log}/${fault}`
}

/** All cells that a pattern such as `sse/redis`, `ws` or `sse/redis/cut` fits; `*` stands for any. */
export function cellsOf(pattern = ''): Cell[] {
  const [transport = '*', log = '*', fault = '*'] = pattern === '' ? [] : pattern.split('/')
  const fits = (wanted: string, name: string): boolean => wanted === '*' || wanted === name
  return TRANSPORTS.filter((name) => fits(transport, name)).flatMap((transport) =>
    LOG_NAMES.filter((name) => fits(log, name)).flatMap((log) =>
      (transport === 'all' ? (['mixed'] as const) : ([...faultsOf(transport, log), 'mixed'] as const))
        .filter((name) => fits(fault, name))
        .map((fault) => ({ transport, log, fault })),
    ),
  )
}

/** Whether clients serve themselves, over ports within their processes. */
export function hasPorts({ transport }: Cell): boolean {
  return transport === 'port' || transport === 'all'
}

/** Whether a fault, in this cell, may keep publishers from what they do. */
export function hindersPublishers(fault: FaultName, cell: Cell): boolean {
  const { kind } = FAULTS[fault]
  return kind !== 'network' && kind !== 'port' && (kind !== 'client' || hasPorts(cell))
}

/** Whether a fault, in this cell, may take acknowledged events with it. */
export function losesHistory(fault: FaultName, cell: Cell): boolean {
  if (fault === 'flush-log') return true
  if (cell.log !== 'memory') return false
  return fault === 'kill-server' || fault === 'deploy' || (fault === 'kill-client' && hasPorts(cell))
}
