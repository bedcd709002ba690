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
import { type AlarmClock, alarmClockOf } from './alarm-clock.ts'
import type { ObjectStorage } from './object-storage.ts'
import { ObjectTables } from './object-tables.ts'
import { type Wakes, wakesOf } from './wakes.ts'

export interface DurableObjectLogOptions {
  /** How long an idempotency key is remembered, in seconds. Default 300. */
  readonly idempotencySeconds?: number | undefined
  /** How long a channel without records is remembered, in seconds. Later it begins anew. Default 7 days. */
  readonly forgetSeconds?: number | undefined
  /** Milliseconds since the epoch. Default `Date.now`. */
  readonly now?: (() => number) | undefined
}

/** Nobody has to be exact about cleaning up, in ms: so often an object is woken for it at most. */
const SHORTEST_ALARM = 1000

/**
 * A log in the database of a Durable Object: for the object itself, which the runtime never runs twice.
 *
 * It removes what is over its time with each append, and by the object's alarm, which has to lead to `sweep()`.
 *
 * @example
 * publisher = new Publisher<Events>(this.log = new DurableObjectLog(ctx.storage))
 * alarm() { return this.log.sweep() }
 */
export class DurableObjectLog implements EventLog {
  readonly capabilities: LogCapabilities
  readonly #storage: ObjectStorage
  readonly #options: { readonly forgetSeconds: number; readonly idempotencySeconds: number; readonly now: () => number }
  readonly #alarms: AlarmClock
  readonly #wakes: Wakes
  readonly #watches = new Set<LogWatch>()
  #tables: ObjectTables | undefined
  #closed = false

  constructor(
    storage: ObjectStorage,
    { idempotencySeconds = 300, forgetSeconds = 7 * 24 * 3600, now = Date.now }: DurableObjectLogOptions = {},
  ) {
    this.#storage = storage
    this.#options = { idempotencySeconds, forgetSeconds, now }
    this.#alarms = alarmClockOf(storage)
    this.#wakes = wakesOf(storage)
    this.capabilities = {
      offsets: 'contiguous',
      survives: 'power-loss',
      copies: 'quorum',
      idempotencySeconds,
      retention: { count: true, perChannel: true },
      transaction: false,
      atomicBatch: true,
      rotation: { channel: true, log: true },
    }
  }

  async append(name: string, records: readonly NewRecord[], options: AppendOptions<never>): Promise<AppendResult> {
    return this.appendNow(name, records, options)
  }

  async read(
    name: string,
    after: Position | 'start',
    limit: { readonly records: number; readonly bytes: number },
  ): Promise<Page> {
    return this.readNow(name, after, limit)
  }

  async heads(names: readonly string[]): Promise<readonly Head[]> {
    const now = this.#options.now()
    return this.#work((tables) => names.map((name) => tables.head(name, now)))
  }

  async watch(wake: Wake): Promise<LogWatch> {
    this.#assertOpen()
    const watch = this.#wakes.open(wake)
    this.#watches.add(watch)
    return watch
  }

  /** Appends within this tick. The runtime holds back all that the object says until it is written. */
  appendNow(
    name: string,
    records: readonly NewRecord[],
    { retention, idempotencyKey }: AppendOptions<never>,
  ): AppendResult {
    if (records.length === 0) throw new RangeError('There is nothing to append')
    const { idempotencySeconds, now } = this.#options
    const request = { name, records, retention, idempotencyKey, idempotencySeconds, now: now() }
    const result = this.#work((tables) => tables.append(request))
    if (result.duplicate) return result
    this.#wakes.wake(name, appendedBy(result, records))
    const seconds = Math.min(
      retention.seconds ?? Infinity,
      idempotencyKey === undefined ? Infinity : idempotencySeconds,
    )
    if (seconds !== Infinity) this.#wakeIn(seconds * 1000)
    return result
  }

  /** Reads within this tick. */
  readNow(name: string, after: Position | 'start', limit: { readonly records: number; readonly bytes: number }): Page {
    const now = this.#options.now()
    return this.#work((tables) => tables.read(name, after, limit, now))
  }

  /** The place behind the last record from before that time; `'start'` when all that are kept are later. */
  placeAt(name: string, time: number): Position | 'start' {
    return this.#work((tables) => tables.placeAt(name, time))
  }

  /** When the oldest record of a channel is over its time, in ms since 1970; `undefined` where there is none. */
  expiresAt(name: string): number | undefined {
    return this.#work((tables) => tables.expiresAt(name))
  }

  /** Removes what is over its time, in all channels, and sets the alarm for what is next. For the object's `alarm()`. */
  async sweep(): Promise<void> {
    const { forgetSeconds, now } = this.#options
    const next = this.#work((tables) => tables.sweep(now(), forgetSeconds * 1000, this.#wakes.channels))
    if (next !== undefined) this.#wakeIn(next - now())
  }

  /** Gives a channel, or all, another epoch: whoever resumes gets a gap. For after the object was set back to a bookmark. */
  async rotateEpoch(name?: string): Promise<void> {
    this.#work((tables) => tables.rotate(name))
    this.#wakes.wakeAll()
  }

  /** Calls that follow reject with `SERVICE_UNAVAILABLE`. What is stored stays. */
  async close(): Promise<void> {
    this.#closed = true
    for (const watch of this.#watches) await watch.close()
    this.#watches.clear()
  }

  #wakeIn(milliseconds: number): void {
    void this.#alarms.wakeBy(Date.now() + Math.max(milliseconds, SHORTEST_ALARM))
  }

  /** All or nothing. Tables that `storage.deleteAll()` has taken away are made again. */
  #work<Result>(work: (tables: ObjectTables) => Result): Result {
    this.#assertOpen()
    const run = (): Result => {
      this.#tables ??= new ObjectTables(this.#storage)
      return work(this.#tables)
    }
    try {
      return this.#storage.transactionSync(run)
    } catch (error) {
      if (!(error instanceof Error && /no such table/.test(error.message))) throw error
      this.#tables = undefined
      return this.#storage.transactionSync(run)
    }
  }

  #assertOpen(): void {
    if (this.#closed) throw new RPCError('SERVICE_UNAVAILABLE', { message: 'The log was closed' })
  }
}
