import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { RPCError } from '../../core/error.ts'
import { appendedBy } from '../appended.ts'
import type {
  AppendOptions,
  AppendResult,
  EventLog,
  Head,
  LogCapabilities,
  LogWatch,
  NewRecord,
  Page,
  Wake,
} from '../event-log.ts'
import type { Position } from '../position.ts'
import { Appender, type AppendRequest } from './appender.ts'
import { explain, type SqliteConnection, transact, transactWithin, unlocked } from './database.ts'
import { type OpenLog, openLog } from './open-log.ts'
import { hasTables } from './schema.ts'

export interface SqliteLogOptions {
  /** The database's file. It and its directory are made when missing; your own tables may stand in it. */
  readonly path: string
  /**
   * What an acknowledged event survives: `'full'`, a power failure (the disk is waited for), or `'normal'`, the death of
   * the process. Default `'full'`.
   */
  readonly durability?: 'full' | 'normal' | undefined
  /** How long an idempotency key is remembered, in seconds. Default 300. */
  readonly idempotencySeconds?: number | undefined
  /** How long a channel without records is remembered, in seconds. Later it begins anew. Default 7 days. */
  readonly forgetSeconds?: number | undefined
  /** How often the database is asked whether another process has appended, in ms. Default 20. */
  readonly pollInterval?: number | undefined
  /** How long another writer is waited for, in ms. Default 5000. */
  readonly lockTimeout?: number | undefined
  /** Milliseconds since the epoch. Default `Date.now`. */
  readonly now?: (() => number) | undefined
}

/**
 * A log in a file: for one process or several of one machine, without any service.
 *
 * @example
 * const publisher = new Publisher<Events>(new SqliteLog({ path: '.data/events.db' }))
 */
export class SqliteLog implements EventLog<SqliteConnection> {
  readonly capabilities: LogCapabilities
  readonly #options: Required<{ [Name in keyof SqliteLogOptions]: NonNullable<SqliteLogOptions[Name]> }>
  readonly #stop = new AbortController()
  readonly #appenders = new WeakMap<SqliteConnection, Appender>()
  #opening: Promise<OpenLog> | undefined

  /** @throws {RangeError} for a path that names no file. */
  constructor({
    path,
    durability = 'full',
    idempotencySeconds = 300,
    forgetSeconds = 7 * 24 * 3600,
    pollInterval = 20,
    lockTimeout = 5000,
    now = Date.now,
  }: SqliteLogOptions) {
    if (path === '' || path === ':memory:')
      throw new RangeError('A SqliteLog needs a file. Without one use a MemoryLog')
    this.#options = { path, durability, idempotencySeconds, forgetSeconds, pollInterval, lockTimeout, now }
    this.capabilities = {
      offsets: 'contiguous',
      survives: durability === 'full' ? 'power-loss' : 'process-kill',
      copies: 'one',
      idempotencySeconds,
      retention: { count: true, perChannel: true },
      transaction: true,
      atomicBatch: true,
      rotation: { channel: true, log: true },
    }
  }

  /**
   * Opens the file now rather than with the first call: to fail when the process starts, and to have the tables before
   * the first transaction of yours.
   */
  async open(): Promise<void> {
    await this.#open()
  }

  /**
   * Appends, by a transaction of its own or as part of the one that is open on your connection to the same database, as
   * `transaction`. That one decides: before its commit nobody sees the records, and nobody is woken.
   */
  async append(
    name: string,
    records: readonly NewRecord[],
    { retention, idempotencyKey, transaction }: AppendOptions<SqliteConnection>,
  ): Promise<AppendResult> {
    if (records.length === 0) throw new RangeError('There is nothing to append')
    const open = await this.#open()
    const { idempotencySeconds, now } = this.#options
    const request = () => ({ name, records, retention, idempotencyKey, idempotencySeconds, now: now() })
    if (transaction !== undefined) return this.#appendIn(transaction, request())
    const append = () => open.appender.append(request())
    const result = await this.#whenUnlocked(() =>
      transact(open.writer, 'BEGIN IMMEDIATE', append, ({ duplicate }) => !duplicate),
    )
    if (!result.duplicate) open.watches.appended(name, open.appender.count, () => appendedBy(result, records))
    return result
  }

  async read(
    name: string,
    after: Position | 'start',
    limit: { readonly records: number; readonly bytes: number },
  ): Promise<Page> {
    const { reader } = await this.#open()
    const read = () => this.#whenUnlocked(() => reader.read(name, after, limit))
    const page = await read()
    if (page !== undefined) return page
    await this.#create([name])
    return (await read()) as Page
  }

  async heads(names: readonly string[]): Promise<readonly Head[]> {
    const { reader } = await this.#open()
    const heads = await this.#whenUnlocked(() => reader.heads(names))
    const unknown = names.filter((_, index) => heads[index] === undefined)
    if (unknown.length === 0) return heads as Head[]
    await this.#create(unknown)
    return this.#whenUnlocked(() => reader.heads(names) as Head[])
  }

  async watch(wake: Wake): Promise<LogWatch> {
    return (await this.#open()).watches.open(wake)
  }

  /** Trims, in all channels, what is over its time. It is done by itself every 30 seconds. */
  async sweep(): Promise<void> {
    const open = await this.#open()
    await this.#whenUnlocked(() => this.#sweep(open))
  }

  /** Gives a channel, or all, another epoch: whoever resumes gets a gap. For after a backup was put back. */
  async rotateEpoch(name?: string): Promise<void> {
    const { writer, channels } = await this.#open()
    await this.#whenUnlocked(() => transact(writer, 'BEGIN IMMEDIATE', () => channels.rotate(name)))
  }

  /** Calls that follow, and those that wait for a lock, reject with `SERVICE_UNAVAILABLE`. */
  async close(): Promise<void> {
    if (this.#stop.signal.aborted) return
    this.#stop.abort(new RPCError('SERVICE_UNAVAILABLE', { message: 'The log was closed' }))
    const open = await this.#opening?.catch(() => undefined)
    open?.close()
  }

  /** Opened by the first call; a failed attempt is not kept. */
  async #open(): Promise<OpenLog> {
    this.#stop.signal.throwIfAborted()
    this.#opening ??= this.#openNow().catch((error) => {
      this.#opening = undefined
      throw error
    })
    const open = await this.#opening
    this.#stop.signal.throwIfAborted()
    return open
  }

  async #openNow(): Promise<OpenLog> {
    const { path, durability, lockTimeout, pollInterval } = this.#options
    mkdirSync(dirname(path), { recursive: true })
    const settings = { path, durability, lockTimeout, pollInterval, signal: this.#stop.signal }
    return openLog(settings, (open) => this.#sweep(open))
  }

  #sweep({ writer, sweeper, watches }: OpenLog): void {
    const { now, forgetSeconds } = this.#options
    transact(writer, 'BEGIN IMMEDIATE', () => sweeper.sweep(now(), forgetSeconds * 1000, watches.channels))
  }

  #appendIn(connection: SqliteConnection, request: AppendRequest): AppendResult {
    try {
      // All or nothing of this append, should the caller catch its error and commit the rest.
      return transactWithin(connection, () => this.#appenderOn(connection).append(request))
    } catch (error) {
      throw explain(error)
    }
  }

  #appenderOn(connection: SqliteConnection): Appender {
    const known = this.#appenders.get(connection)
    if (known !== undefined) return known
    if (!hasTables(connection)) throw new Error("The transaction's connection is not to the database of this log")
    const appender = new Appender(connection)
    this.#appenders.set(connection, appender)
    return appender
  }

  async #create(names: readonly string[]): Promise<void> {
    const { writer, channels } = await this.#open()
    const now = this.#options.now()
    await this.#whenUnlocked(() =>
      transact(writer, 'BEGIN IMMEDIATE', () => {
        for (const name of names) channels.findOrCreate(name, now)
      }),
    )
  }

  #whenUnlocked<Result>(attempt: () => Result): Promise<Result> {
    return unlocked(this.#options.lockTimeout, this.#stop.signal, attempt)
  }
}
