import { RPCError } from '../../core/error.ts'
import { randomToken } from '../../core/random-token.ts'
import { appendedBy } from '../appended.ts'
import { assertPlace } from '../assert-place.ts'
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
import { Appender } from './appender.ts'
import { keyOf, toArray } from './channel-key.ts'
import {
  isPostgresJs,
  type PostgresClient,
  type PostgresTransaction,
  queryIn,
  type Row,
  type RunQuery,
} from './clients.ts'
import { queryOf } from './database.ts'
import { explain } from './failures.ts'
import { createListener } from './listener.ts'
import { formatNotifications, Notifier, parseNotification } from './notifications.ts'
import { poll } from './poller.ts'
import { prepareTables } from './schema.ts'
import { type Statements, statementsFor } from './statements.ts'
import { Sweeper } from './sweeper.ts'
import { Watches } from './watches.ts'

export interface PostgresLogOptions {
  /** The schema in which the log has its tables, and nobody else has any; also the name under which it notifies. Default `'headwater'`. */
  readonly schema?: string | undefined
  /**
   * Who listens for appends of other processes: a client with a straight connection, when the log's own goes through a
   * transaction pooler; `false`, nobody: the log polls. Default: the log's own client.
   */
  readonly listen?: PostgresClient | false | undefined
  /** How often the log asks for appends of other processes when it does not listen, in ms. Default 500. */
  readonly pollInterval?: number | undefined
  /**
   * Whether an append in your transaction also sends its wake-up by it. Such commits wait for each other. Default `true`.
   */
  readonly wakeOnCommit?: boolean | undefined
  /** On how many machines Postgres has an event before it is acknowledged: what you have set up. Default `'one'`. */
  readonly copies?: LogCapabilities['copies'] | undefined
  /** How long an idempotency key is remembered, in seconds. Default 300. */
  readonly idempotencySeconds?: number | undefined
  /** How long a channel without records is remembered, in seconds. Later it begins anew. Default 7 days. */
  readonly forgetSeconds?: number | undefined
  /** How often one of the processes trims, in seconds. Default 10. */
  readonly sweepSeconds?: number | undefined
  /** How long Postgres is waited for, in ms. Default 5000. */
  readonly queryTimeout?: number | undefined
  /** How long an append waits for another transaction on its channel, in ms. Default 4000. */
  readonly lockTimeout?: number | undefined
  /**
   * Whether `pg` keeps its statements prepared on each connection, which is faster; not behind a transaction pooler that
   * does not know them. postgres.js has a setting of its own. Default `true`.
   */
  readonly prepare?: boolean | undefined
  /** Is told what about the server weakens the log. Default: `console.warn`. */
  readonly onWarning?: ((message: string) => void) | undefined
}

/**
 * A log in Postgres, by a pool of `pg` or a `sql` of postgres.js: for any number of processes and machines.
 *
 * @example
 * const log = new PostgresLog(new Pool({ connectionString }))
 * await log.migrate()
 * const publisher = new Publisher<Events>(log)
 */
export class PostgresLog implements EventLog<PostgresTransaction> {
  readonly capabilities: LogCapabilities
  readonly #schema: string
  readonly #onWarning: (message: string) => void
  readonly #wakeOnCommit: boolean
  readonly #statements: Statements
  readonly #query: RunQuery
  readonly #appender: Appender
  readonly #watches = new Watches()
  readonly #notifier: Notifier
  readonly #sweeper: Sweeper
  readonly #listen: () => Promise<void>
  readonly #stop = new AbortController()
  #ready: Promise<void> | undefined
  #listening: Promise<void> | undefined

  /** @throws {RangeError} for a schema's name that would have to be quoted, and for a pool of one to listen by. */
  constructor(
    client: PostgresClient,
    {
      schema = 'headwater',
      listen = client,
      pollInterval = 500,
      wakeOnCommit = listen !== false,
      copies = 'one',
      idempotencySeconds = 300,
      forgetSeconds = 7 * 24 * 3600,
      sweepSeconds = 10,
      queryTimeout = 5000,
      lockTimeout = 4000,
      prepare = true,
      onWarning = console.warn,
    }: PostgresLogOptions = {},
  ) {
    if (listen === client && !isPostgresJs(client) && client.options?.max === 1) {
      throw new RangeError(
        'The log listens on a connection of the pool: let it have 2 or more, or give another to listen',
      )
    }
    this.capabilities = {
      offsets: 'contiguous',
      survives: 'power-loss',
      copies,
      idempotencySeconds,
      retention: { count: true, perChannel: true },
      transaction: true,
      atomicBatch: true,
      rotation: { channel: true, log: true },
    }
    const { signal } = this.#stop
    this.#schema = schema
    this.#onWarning = onWarning
    this.#wakeOnCommit = wakeOnCommit
    this.#statements = statementsFor(schema)
    this.#query = queryOf(client, { timeout: queryTimeout, prepare })
    this.#appender = new Appender({
      statements: this.#statements,
      idempotencySeconds,
      lockTimeout,
      create: this.#create,
    })
    const sender = randomToken(8)
    this.#notifier = new Notifier({
      sender,
      send: listen === false ? undefined : (payloads) => this.#query(this.#statements.notify, [payloads]),
    })
    this.#sweeper = new Sweeper({
      query: this.#query,
      statements: this.#statements,
      interval: sweepSeconds,
      forgetSeconds,
      watched: () => this.#watches.keys,
      signal,
    })
    if (listen === false) this.#listen = async () => this.#poll(pollInterval)
    else {
      this.#listen = createListener(listen, {
        channel: schema,
        onNotify: (payload) => this.#wake(payload, sender),
        onBack: () => this.#watches.wakeAll(),
        timeout: queryTimeout,
        signal,
      })
    }
  }

  /**
   * Makes the tables now rather than with the first call: to fail when the process starts, and to have them before the
   * first transaction of yours.
   *
   * @throws {Error} when they are of another version, or the server is not fit for a log.
   */
  async migrate(): Promise<void> {
    await this.#whenReady()
  }

  /**
   * Appends, by one statement, or as a part of your open transaction, as `transaction`. That one decides: before its commit
   * nobody sees the records. Its errors are the driver's own, such as 40001, for you to begin again.
   */
  async append(
    channel: string,
    records: readonly NewRecord[],
    { retention, idempotencyKey, transaction }: AppendOptions<PostgresTransaction>,
  ): Promise<AppendResult> {
    if (records.length === 0) throw new RangeError('There is nothing to append')
    await this.#whenReady()
    const request = { key: keyOf(channel), records, retention, idempotencyKey }
    if (transaction !== undefined) return this.#appendIn(queryIn(transaction), request)
    const result = await this.#explained('append', () => this.#appender.append(this.#query, request, 'own'))
    if (!result.duplicate) {
      this.#watches.wake(request.key, appendedBy(result, records))
      this.#notifier.appended(request.key)
    }
    return result
  }

  async read(
    channel: string,
    after: Position | 'start',
    limit: { readonly records: number; readonly bytes: number },
  ): Promise<Page> {
    await this.#whenReady()
    const key = keyOf(channel)
    const [records, bytes] = [Math.min(limit.records, 2 ** 31 - 1), Math.min(limit.bytes, Number.MAX_SAFE_INTEGER)]
    const values = [key, after === 'start' ? -1 : after.offset, records, bytes]
    const rows = await this.#existing([key], async () => {
      const rows = await this.#query(this.#statements.read, values)
      return rows.length === 0 ? [undefined] : rows
    })
    return toPage(rows, after)
  }

  async heads(channels: readonly string[]): Promise<readonly Head[]> {
    await this.#whenReady()
    if (channels.length === 0) return []
    const keys = channels.map(keyOf)
    return (await this.#existing(keys, () => this.#heads(keys))).map(toHead)
  }

  async watch(wake: Wake): Promise<LogWatch> {
    await this.#whenReady()
    this.#listening ??= this.#explained('other', this.#listen).catch((error) => {
      this.#listening = undefined
      throw error
    })
    await this.#listening
    this.#stop.signal.throwIfAborted()
    return this.#watches.open(wake)
  }

  /** Trims all that is over its time. One of the processes that have the log open does so every `sweepSeconds`. */
  async sweep(): Promise<void> {
    await this.#whenReady()
    await this.#explained('other', () => this.#sweeper.sweep())
  }

  /** Gives all channels new epochs, so that who resumes gets a gap: for after a backup was put back. */
  async rotateEpoch(name?: string): Promise<void> {
    await this.#whenReady()
    const key = name === undefined ? null : keyOf(name)
    await this.#explained('other', () => this.#query(this.#statements.rotate, [randomToken(12), key]))
    this.#watches.wakeAll()
  }

  /** The client stays open: it is yours. Calls that follow reject with `SERVICE_UNAVAILABLE`. */
  async close(): Promise<void> {
    if (this.#stop.signal.aborted) return
    this.#stop.abort(new RPCError('SERVICE_UNAVAILABLE', { message: 'The log was closed' }))
    this.#watches.close()
    await this.#notifier.close()
  }

  /** Prepared by the first call; a failed attempt is not kept. */
  async #whenReady(): Promise<void> {
    this.#stop.signal.throwIfAborted()
    this.#ready ??= this.#explained('other', () => this.#prepare()).catch((error) => {
      this.#ready = undefined
      throw error
    })
    await this.#ready
    this.#stop.signal.throwIfAborted()
  }

  async #prepare(): Promise<void> {
    await prepareTables(this.#query, this.#schema, (message) => this.#onWarning(`PostgresLog: ${message}`))
    void this.#sweeper.sweepOnceInAWhile()
  }

  async #appendIn(query: RunQuery, request: Parameters<Appender['append']>[1]): Promise<AppendResult> {
    const result = await this.#appender.append(query, request, "caller's")
    if (this.#wakeOnCommit && !result.duplicate) {
      await query(this.#statements.notify, [toArray(formatNotifications('', [request.key]))])
    }
    return result
  }

  readonly #create = async (keys: readonly string[]): Promise<void> => {
    const epochs = keys.map(() => randomToken(12))
    await this.#query(this.#statements.create, [toArray(keys), toArray(epochs)])
  }

  /** Rows of channels, which are made where there are none. */
  #existing(keys: readonly string[], find: () => Promise<readonly (Row | undefined)[]>): Promise<readonly Row[]> {
    return this.#explained('other', async () => {
      for (;;) {
        const rows = await find()
        const unknown = keys.filter((_, index) => rows[index] === undefined)
        if (unknown.length === 0) return rows as readonly Row[]
        await this.#create([...new Set(unknown)])
      }
    })
  }

  async #heads(keys: readonly string[]): Promise<readonly (Row | undefined)[]> {
    const rows = await this.#query(this.#statements.heads, [toArray(keys)])
    return rows.map((row) => (row[0] === null ? undefined : row))
  }

  #wake(payload: string, self: string): void {
    const { sender, keys } = parseNotification(payload)
    if (sender !== self) for (const key of keys) this.#watches.wake(key)
  }

  #poll(interval: number): void {
    const positions = async (keys: readonly string[]) =>
      (await this.#heads(keys)).map((row) => row && toHead(row).position)
    void poll({ interval, watches: this.#watches, positions, signal: this.#stop.signal })
  }

  async #explained<Result>(doing: 'append' | 'other', attempt: () => Promise<Result>): Promise<Result> {
    try {
      return await attempt()
    } catch (error) {
      throw explain(error, doing)
    }
  }
}

function toHead([epoch, head, tag, trimmed]: Row): Head {
  return { position: { epoch, offset: Number(head), tag }, trimmed: Number(trimmed) }
}

/** @throws {RPCError} `EVENT_GAP` with reason `'epoch'`. */
function toPage(rows: readonly Row[], after: Position | 'start'): Page {
  const [channel = []] = rows
  const { position, trimmed } = toHead(channel)
  const [epoch, , , , trimmedTag, tagAfter] = channel
  const history = { head: position, trimmed: { epoch, offset: trimmed, tag: trimmedTag } }
  if (after !== 'start') assertPlace({ ...history, tagAt: () => tagAfter ?? undefined }, after)
  const records = rows
    .filter((row) => row[6] !== null)
    .map((row) => ({ offset: Number(row[6]), tag: row[7], data: row[8] }))
  const last = records.at(-1)
  const through = last === undefined ? position : { epoch, offset: last.offset, tag: last.tag }
  return { records, through, position, trimmed }
}
