import type { EventLog, LogCapabilities, Retention } from '../publisher/event-log.ts'

/** What a check asks of the log that it gets. Leave out what yours does not have. */
export interface LogSettings {
  /** For logs whose channels share one retention. Others get it with each append. */
  readonly retention?: Retention | undefined
}

/** A transaction of the caller's, begun and not yet ended. */
export interface OpenTransaction<Transaction> {
  readonly transaction: Transaction
  commit(): Promise<void>
  rollback(): Promise<void>
}

/** How the checks get at your log. What is optional lets them see more: a check that needs it is skipped without. */
export interface LogHarness<Transaction = never> {
  /** What your log has to declare. Checks of what it cannot do are skipped. */
  readonly capabilities: LogCapabilities
  /** A log, as one more process opens it. Those with equal settings are on one store, which outlives them. */
  createLog(settings?: LogSettings): Promise<EventLog<Transaction>>
  /** Whether they are. `false` for a log in the memory of its process: then each has a store of its own. Default true. */
  readonly shared?: boolean | undefined
  /** The clock of the engine, where it can be set. Without it the checks wait for real. */
  readonly clock?: { advance(milliseconds: number): void | Promise<void> } | undefined
  /** Does now what the engine does once in a while, as trimming. */
  sweep?(): Promise<void>
  /** Deletes everything behind the back of the open logs, which stay open. */
  loseHistory?(): Promise<void>
  /** Takes a backup of everything; what it resolves with puts it back behind the back of the open logs. */
  backUp?(): Promise<() => Promise<void>>
  /** Cuts the way that wake-ups take, to all open logs; what it resolves with lets them come again. */
  loseWakes?(): Promise<() => Promise<void>>
  /** Begins a transaction of the caller's, on a connection of the caller's. */
  begin?(): Promise<OpenTransaction<Transaction>>
  /** The shortest retention by time that the engine can do, in seconds. Default 1. */
  readonly shortestRetention?: number | undefined
  /** How long the engine may take for what it does in its own time, as waking and trimming, in ms. Default 5000. */
  readonly patience?: number | undefined
  /** Checks that your log is known to fail, by name, with the reason. */
  readonly skip?: Readonly<Record<string, string>> | undefined
}

/** One promise of the seam, to be run by any test runner. */
export interface LogCheck {
  readonly name: string
  /** Why it does not apply to this log. */
  readonly skip: string | undefined
  /** @throws {Error} that says what was expected and what came. */
  run(): Promise<void>
}
