import type { Position } from './position.ts'

/** What is stored of an event. */
export interface NewRecord {
  /** The event as a message of the wire (PROTOCOL.md, "Values"), encoded once, when it is published. */
  readonly data: string
}

export interface StoredRecord extends NewRecord {
  readonly offset: number
  readonly tag: string
}

/** How long records are kept. They may stay longer, never shorter; with both limits the first one reached counts. */
export interface Retention {
  readonly seconds?: number | undefined
  /** The newest so many of the channel. */
  readonly events?: number | undefined
}

/** Where a channel ends and begins. */
export interface Head {
  /** The newest place. */
  readonly position: Position
  /** The greatest offset that may have been removed: a reader before it has missed something. */
  readonly trimmed: number
}

export interface Page extends Head {
  readonly records: readonly StoredRecord[]
  /** The page is complete up to here, also when it is empty. */
  readonly through: Position
}

export interface LogCapabilities {
  /** Whether the offsets of a channel follow each other without holes. */
  readonly offsets: 'contiguous' | 'ordered'
  /** What an acknowledged record survives. */
  readonly survives: 'nothing' | 'process-kill' | 'power-loss'
  /** On how many machines an acknowledged record is. */
  readonly copies: 'one' | 'async' | 'quorum'
  /** How long an idempotency key is remembered. */
  readonly idempotencySeconds: number | false
  readonly retention: { readonly count: boolean; readonly perChannel: boolean }
  /** Whether records can be appended inside the caller's own transaction. */
  readonly transaction: boolean
  readonly atomicBatch: boolean
  /** What `rotateEpoch` can give another epoch: one channel, the log with all of them. */
  readonly rotation?: { readonly channel: boolean; readonly log: boolean } | undefined
}

export interface AppendOptions<Transaction> {
  readonly retention: Retention
  /** Covers the whole batch: a second append with it adds nothing and answers what the first one did. */
  readonly idempotencyKey?: string | undefined
  readonly transaction?: Transaction | undefined
}

export interface AppendResult {
  /**
   * The place before the first, where the log knows it and the records follow each other without holes: a reader that
   * stands there takes them without reading them back.
   */
  readonly before?: Position | undefined
  readonly first: Position
  readonly last: Position
  readonly duplicate: boolean
}

/** Records as an append has added them: whoever stands right before them can take them without reading. */
export interface Appended {
  /**
   * The channel's newest place before the first of them. Where offsets have holes its tag may not be known (`NO_TAG`), and
   * whoever stands anywhere between it and the first stands right before that.
   */
  readonly before: Position
  readonly last: Position
  readonly records: readonly StoredRecord[]
}

/** There may be something new, in this channel or in any. The log may bring along what was appended. */
export type Wake = (channel?: string, appended?: Appended) => void

/** One process's interest in channels. */
export interface LogWatch {
  /** Resolves once appends to the channel wake this process. */
  add(channel: string): Promise<void>
  delete(channel: string): void
  close(): Promise<void>
}

/**
 * A log stores channels. It is the truth; a wake-up may be lost or spurious.
 *
 * An engine keeps these promises, which `headwater/testing` checks.
 */
export interface EventLog<Transaction = never> {
  readonly capabilities: LogCapabilities
  /**
   * Atomic: all records or none, at consecutive places, all with one new random tag. No records are refused.
   *
   * @throws {RPCError} `APPEND_UNKNOWN` when the reply was lost: the records may be there or not.
   */
  append(channel: string, records: readonly NewRecord[], options: AppendOptions<Transaction>): Promise<AppendResult>
  /**
   * The records after a place, as one snapshot. `limit` holds for the page; one record always fits.
   *
   * @throws {RPCError} `EVENT_GAP` with reason `'epoch'` when `after` is no place of this history. History that was
   *   trimmed is not thrown but told by the page's `trimmed`.
   */
  read(
    channel: string,
    after: Position | 'start',
    limit: { readonly records: number; readonly bytes: number },
  ): Promise<Page>
  heads(channels: readonly string[]): Promise<readonly Head[]>
  /** Calls `wake` after appends, by any process, to the channels added; without a channel it means: check all. */
  watch(wake: Wake): Promise<LogWatch>
  /**
   * Gives a channel, or all, another epoch, for after a backup was put back: every place that was known before is then a
   * gap with reason `'epoch'`. What can be kept of the records stays.
   *
   * @throws {RPCError} `NOT_IMPLEMENTED` for what the capabilities say that it cannot.
   */
  rotateEpoch?(channel?: string): Promise<void>
  close(): Promise<void>
}
