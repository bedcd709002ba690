import { RPCError } from '../../core/error.ts'
import { channelDigest } from '../digest.ts'
import type {
  AppendOptions,
  AppendResult,
  EventLog,
  Head,
  LogCapabilities,
  LogWatch,
  NewRecord,
  Page,
} from '../event-log.ts'
import { assertNoKey, onlyRecord } from '../only-record.ts'
import type { Position } from '../position.ts'
import { fullPage, historyPage, type Reading, recentPage } from '../shared-stream.ts'
import { lookInterval, Watches } from '../watches.ts'
import { History } from './history.ts'
import type { RabbitConnection } from './rabbit-connection.ts'
import type { Shard } from './shard.ts'
import { Shards } from './shards.ts'

export interface RabbitLogOptions {
  /** What the names of its queues begin with. Default `'headwater'`. */
  readonly name?: string | undefined
  /** Part of their names too. Change it when a backup was put back: it makes new queues. Default `'1'`. */
  readonly epoch?: string | undefined
  /** How many streams the channels are spread over. To change it is to change the epoch. Default 4. */
  readonly shards?: number | undefined
  /** How long all channels keep their records, in seconds. Default 300. */
  readonly retentionSeconds?: number | undefined
  /** RabbitMQ removes whole segments, and never the last one. Default 10 MB. */
  readonly segmentBytes?: number | undefined
  /** On how many nodes of a cluster the streams are. Default 1. */
  readonly replicas?: number | undefined
  /** How long RabbitMQ may take to answer, in ms. Default 5000. */
  readonly timeout?: number | undefined
}

type Limit = Parameters<EventLog['read']>[2]

interface Channel {
  readonly hash: string
  readonly queue: string
  readonly epoch: string
}

/**
 * A log in stream queues of RabbitMQ, for processes on many machines.
 *
 * @example
 * const log = new RabbitLog(() => amqplib.connect(url, { noDelay: true }), { retentionSeconds: 3600 })
 */
export class RabbitLog implements EventLog {
  readonly capabilities: LogCapabilities
  readonly #options: Required<{ [Name in keyof RabbitLogOptions]: NonNullable<RabbitLogOptions[Name]> }>
  readonly #shards: Shards
  readonly #history: History
  readonly #watches: Watches
  /** The names of the channels that are watched, by their hashes. */
  readonly #names = new Map<string, string>()
  /** The greatest offset of each queue that is known to have been removed. */
  readonly #trimmed = new Map<string, number>()
  #closed = false

  /** `connect` is called for a first connection, for one that reads history, and again when one was lost. */
  constructor(
    connect: () => Promise<RabbitConnection>,
    {
      name = 'headwater',
      epoch = '1',
      shards = 4,
      retentionSeconds = 300,
      segmentBytes = 10_000_000,
      replicas = 1,
      timeout = 5000,
    }: RabbitLogOptions = {},
  ) {
    if (!/^[0-9a-z]{1,16}$/.test(epoch)) throw new RangeError(`An epoch has up to 16 of 0-9 and a-z: ${epoch}`)
    if (!Number.isInteger(shards) || shards < 1) throw new RangeError(`There are 1 shard or more, not ${shards}`)
    if (!(retentionSeconds > 0)) throw new RangeError(`A RabbitLog cannot keep events for ${retentionSeconds} s`)
    this.#options = { name, epoch, shards, retentionSeconds, segmentBytes, replicas, timeout }
    this.#history = new History(connect, timeout)
    this.#shards = new Shards({
      connect,
      timeout,
      arguments: {
        'x-queue-type': 'stream',
        ...(Number.isFinite(retentionSeconds) ? { 'x-max-age': `${Math.ceil(retentionSeconds)}s` } : {}),
        'x-stream-max-segment-size-bytes': segmentBytes,
        'x-initial-cluster-size': replicas,
      },
      onRecord: ({ channel }) => {
        const name = this.#names.get(channel)
        if (name !== undefined) this.#watches.wake(name)
      },
      onReturn: () => this.#watches.wakeAll(),
    })
    this.#watches = new Watches({
      interval: lookInterval(retentionSeconds),
      listen: (channel) => this.#listen(channel),
      unlisten: (channel) => void this.#names.delete(channelDigest(channel)),
    })
    this.capabilities = {
      offsets: 'ordered',
      survives: 'process-kill',
      copies: replicas > 1 ? 'quorum' : 'one',
      idempotencySeconds: false,
      retention: { count: false, perChannel: false },
      transaction: false,
      atomicBatch: false,
    }
  }

  /**
   * @throws {RangeError} for several records, which RabbitMQ cannot append whole or not at all; for an idempotency key,
   *   of which it knows none; and for a retention that is longer than the log's.
   */
  async append(
    name: string,
    records: readonly NewRecord[],
    { retention, idempotencyKey }: AppendOptions<never>,
  ): Promise<AppendResult> {
    this.#assertOpen()
    const { data } = onlyRecord('RabbitLog', records, retention, this.#options)
    assertNoKey('RabbitLog', idempotencyKey)
    const { hash, queue, epoch } = this.#channel(name)
    const { offset, tag } = await (await this.#shards.open(queue)).send(hash, data)
    const place = { epoch, offset, tag }
    return { first: place, last: place, duplicate: false }
  }

  async read(name: string, after: Position | 'start', limit: Limit): Promise<Page> {
    this.#assertOpen()
    const { hash, queue, epoch } = this.#channel(name)
    const shard = await this.#shards.open(queue)
    // Who watches is woken by what is still to come. Anybody else wants what is there.
    if (!this.#names.has(hash) || (after !== 'start' && after.offset > shard.recent.head.offset)) await shard.catchUp()
    const head: Position = { epoch, offset: shard.recent.head.offset, tag: shard.recent.head.tag }
    const reading: Reading = { channel: hash, after, head, limit }
    const recent = after === 'start' || after.epoch !== epoch ? undefined : shard.recent.after(after)
    if (recent === undefined || after === 'start') return this.#readHistory(queue, reading)
    return recentPage(recent, reading, Math.min(this.#trimmed.get(queue) ?? 0, after.offset))
  }

  async heads(names: readonly string[]): Promise<readonly Head[]> {
    this.#assertOpen()
    const channels = names.map((name) => this.#channel(name))
    const queues = [...new Set(channels.map(({ queue }) => queue))]
    const shards = new Map(
      await Promise.all(queues.map(async (queue) => [queue, await this.#caughtUp(queue)] as const)),
    )
    return channels.map(({ queue, epoch }) => {
      const { offset = 0, tag = '' } = shards.get(queue)?.recent.head ?? {}
      return { position: { epoch, offset, tag }, trimmed: this.#trimmed.get(queue) ?? 0 }
    })
  }

  async watch(wake: (channel?: string) => void): Promise<LogWatch> {
    this.#assertOpen()
    return this.#watches.open(wake)
  }

  /** Closes its connections. Calls that follow reject with `SERVICE_UNAVAILABLE`. */
  async close(): Promise<void> {
    this.#closed = true
    this.#watches.close()
    await Promise.all([this.#shards.close(), this.#history.close()])
  }

  #assertOpen(): void {
    if (this.#closed) throw new RPCError('SERVICE_UNAVAILABLE', { message: 'The log was closed' })
  }

  #channel(name: string): Channel {
    const { name: prefix, epoch, shards } = this.#options
    const hash = channelDigest(name)
    const number = Number.parseInt(hash.slice(0, 8), 16) % shards
    return { hash, queue: `${prefix}.${epoch}.${shards}.${number}`, epoch: `${epoch}x${shards}x${hash}` }
  }

  async #caughtUp(queue: string): Promise<Shard> {
    const shard = await this.#shards.open(queue)
    await shard.catchUp()
    return shard
  }

  async #listen(name: string): Promise<void> {
    const { hash, queue } = this.#channel(name)
    this.#names.set(hash, name)
    await this.#shards.open(queue)
  }

  async #readHistory(queue: string, reading: Reading): Promise<Page> {
    const { after, head } = reading
    const isWithin = after === 'start' || (after.epoch === head.epoch && after.offset <= head.offset)
    const from = after === 'start' ? 'first' : after.offset
    const query = { queue, from, until: head.offset, isEnough: fullPage(reading) } as const
    const messages = isWithin ? await this.#history.read(query) : []
    const [first] = messages
    if (first !== undefined && (after === 'start' || first.offset > Math.max(after.offset, 1))) {
      this.#trimmed.set(queue, first.offset - 1)
    }
    return historyPage(messages, reading, this.#trimmed.get(queue) ?? 0)
  }
}
