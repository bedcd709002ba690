import type { WakeFault } from './wakes.ts'

/** What the harness tells a program to do, one JSON line each. */
export type Command =
  | { readonly do: 'serve'; readonly log: LogSetting; readonly listen: boolean }
  /** Says that it is there. */
  | { readonly do: 'hello' }
  | PublishCommand
  | ReadCommand
  | { readonly do: 'leave'; readonly reader: string }
  /** Loses or doubles wake-ups of the log. */
  | { readonly do: 'wakes'; readonly how: WakeFault }
  /** Sets this process's clock off by so many ms. */
  | { readonly do: 'clock'; readonly by: number }
  /** Breaks the message ports in this process. */
  | { readonly do: 'ports'; readonly how: PortFault }
  | { readonly do: 'figures'; readonly when: 'busy' | 'end' }
  | { readonly do: 'list'; readonly channel: string }
  /** Drains and closes all, and ends by itself if nothing is left. */
  | { readonly do: 'close' }

/** How long the logs remember an idempotency key, in s. */
export const KEYS_KEPT = 3600

export interface LogSetting {
  readonly name: 'memory' | 'sqlite' | 'redis' | 'postgres' | 'nats'
  /** Its file or its server's URL. */
  readonly place: string
  /** Of this run alone, where runs share a server. */
  readonly space: string
  readonly retention: { readonly events?: number; readonly seconds?: number }
}

export interface PublishCommand {
  readonly do: 'publish'
  readonly channel: string
  readonly publisher: string
  /** Published at once, in this order. */
  readonly events: readonly { readonly event: string; readonly number: number }[]
  readonly how: 'keyed' | 'plain' | 'batch' | 'commit' | 'rollback'
  readonly attempt: number
  /** Characters of each event. */
  readonly size: number
}

export interface ReadCommand {
  readonly do: 'read'
  readonly reader: string
  readonly channel: string
  readonly transport: 'sse' | 'ws' | 'port'
  /** Of the proxy; without meaning for ports. */
  readonly port: number
  /** Which of the service's procedures is called. */
  readonly via: 'subscription' | 'mapped' | 'generator'
  /** An id, or `'start'`, or `'now'`. */
  readonly after: string
  /** How long it takes for each event, in ms. */
  readonly pace: number
  /** How long it takes for the first one besides, in ms. */
  readonly pause: number
  /** How long its tokens are good, in ms; 0: for ever. */
  readonly tokenTime: number
}

export type PortFault = 'cut' | 'stall' | 'half-open' | 'delay' | 'none'

/** By how much this process's times are stretched. */
export const STRETCH: number = Number(process.env.FAULTS_STRETCH ?? 1)

/** Everything in ms. */
interface Pace {
  /** Of handlers, and of connections on both sides. */
  readonly heartbeat: number
  readonly heartbeatTimeout: number
  readonly silenceTimeout: number
  /** Of publishers: how often the log is asked whether a wake-up was lost. */
  readonly poll: number
  readonly backoff: { readonly initialDelay: number; readonly maxDelay: number }
  readonly logTimeout: number
}

/** Short, so that seconds of a run hold what takes minutes outside. */
export const PACE: Pace = {
  heartbeat: 200 * STRETCH,
  heartbeatTimeout: 400 * STRETCH,
  silenceTimeout: 700 * STRETCH,
  poll: 400 * STRETCH,
  backoff: { initialDelay: 20, maxDelay: 200 },
  logTimeout: 800 * STRETCH,
}
