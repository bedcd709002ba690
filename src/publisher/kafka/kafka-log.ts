import { RPCError } from '../../core/error.ts'
import { randomToken } from '../../core/random-token.ts'
import { withTimeout } from '../../core/timeout.ts'
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
import { formatRecord, RECORD_TAG_LENGTH } from '../record-text.ts'
import { shareCalls } from '../share-calls.ts'
import { fullPage, historyPage, type Reading, recentPage } from '../shared-stream.ts'
import { lookInterval, Watches } from '../watches.ts'
import type { KafkaClient, KafkaProducer } from './kafka-client.ts'
import type { Bounds, Partition } from './partition.ts'
import { connected, Topic } from './topic.ts'
import { TopicReader } from './topic-reader.ts'

export interface KafkaLogOptions {
  /** What the topic's name begins with. Default `'headwater'`. */
  readonly name?: string | undefined
  /** The rest of the topic's name, after a dot. Change it when the topic was made anew or restored. Default `'1'`. */
  readonly epoch?: string | undefined
  /** What the topic's `retention.ms` is, in seconds. Default 7 days, as Kafka's. */
  readonly retentionSeconds?: number | undefined
  /** Whether the topic has replicas, and `min.insync.replicas` of two at least. Default `false`. */
  readonly replicated?: boolean | undefined
  /** How long Kafka may take to answer, in ms. Default 5000. */
  readonly timeout?: number | undefined
}

type Limit = Parameters<EventLog['read']>[2]

interface Channel {
  readonly hash: string
  readonly number: number
  readonly epoch: string
}

/**
 * A log in a topic of Kafka, for processes on many machines.
 *
 * @example
 * const log = new KafkaLog(new Kafka({ brokers }), { retentionSeconds: 86_400, replicated: true })
 */
export class KafkaLog implements EventLog {
  readonly capabilities: LogCapabilities
  readonly #client: KafkaClient
  readonly #options: Required<{ [Name in keyof KafkaLogOptions]: NonNullable<KafkaLogOptions[Name]> }>
  readonly #topicName: string
  readonly #topic: Topic
  readonly #watches: Watches
  /** The names of the channels that are watched, by their hashes. */
  readonly #names = new Map<string, string>()
  readonly #stop = new AbortController()
  #count: number | undefined
  #producer: Promise<KafkaProducer> | undefined
  #reader: Promise<TopicReader> | undefined

  constructor(
    client: KafkaClient,
    {
      name = 'headwater',
      epoch = '1',
      retentionSeconds = 7 * 24 * 3600,
      replicated = false,
      timeout = 5000,
    }: KafkaLogOptions = {},
  ) {
    if (!/^[0-9a-z]{1,16}$/.test(epoch)) throw new RangeError(`An epoch has up to 16 of 0-9 and a-z: ${epoch}`)
    this.#client = client
    this.#options = { name, epoch, retentionSeconds, replicated, timeout }
    this.#topicName = `${name}.${epoch}`
    this.#topic = new Topic(client, { name: this.#topicName, timeout, signal: this.#stop.signal })
    this.#watches = new Watches({
      interval: lookInterval(retentionSeconds),
      listen: (channel) => this.#listen(channel),
      unlisten: (channel) => void this.#names.delete(channelDigest(channel)),
    })
    this.capabilities = {
      offsets: 'ordered',
      survives: 'process-kill',
      copies: replicated ? 'quorum' : 'one',
      idempotencySeconds: false,
      retention: { count: false, perChannel: false },
      transaction: false,
      atomicBatch: false,
    }
  }

  /** Joins the consumer group now rather than with the first subscriber: that takes some seconds. */
  async open(): Promise<void> {
    await this.#read()
  }

  /**
   * @throws {RangeError} for several records; for an idempotency key, which Kafka does not know over processes; and for
   *   a retention that is longer than the topic's.
   */
  async append(
    name: string,
    records: readonly NewRecord[],
    { retention, idempotencyKey }: AppendOptions<never>,
  ): Promise<AppendResult> {
    this.#stop.signal.throwIfAborted()
    const record = onlyRecord('KafkaLog', records, retention, this.#options)
    assertNoKey('KafkaLog', idempotencyKey)
    const { hash, number, epoch } = await this.#channel(name)
    const tag = randomToken(RECORD_TAG_LENGTH)
    const messages = [{ partition: number, key: hash, value: formatRecord(tag, record) }]
    const sent = await this.#send(messages)
    const place = { epoch, offset: Number(sent[0]?.baseOffset) + 1, tag }
    return { first: place, last: place, duplicate: false }
  }

  async read(name: string, after: Position | 'start', limit: Limit): Promise<Page> {
    const { hash, number, epoch } = await this.#channel(name)
    const partition = await this.#partition(number)
    const known = partition.recent
    // Who watches is woken by what is still to come. Anybody else wants what is there.
    const isEnough =
      known !== undefined && this.#names.has(hash) && after !== 'start' && after.offset <= known.head.offset
    const recent = isEnough ? known : await partition.catchUp(await this.#bounds(number))
    const head: Position = { epoch, offset: recent.head.offset, tag: recent.head.tag }
    const reading: Reading = { channel: hash, after, head, limit }
    const following = after === 'start' || after.epoch !== epoch ? undefined : recent.after(after)
    if (following === undefined || after === 'start') return this.#readHistory(partition, number, reading)
    return recentPage(following, reading, Math.min(partition.low, after.offset))
  }

  async heads(names: readonly string[]): Promise<readonly Head[]> {
    const channels = await Promise.all(names.map((name) => this.#channel(name)))
    const { partitions } = await this.#read()
    const bounds = await this.#topic.bounds()
    const look = shareCalls(async (number: number) => {
      const { low, high } = bounds[number] as Bounds
      const { head } = await (partitions[number] as Partition).catchUp({ low, high })
      return { offset: head.offset, tag: head.tag, trimmed: low }
    })
    return Promise.all(
      channels.map(async ({ number, epoch }) => {
        const { trimmed, ...place } = await look(number)
        return { position: { epoch, ...place }, trimmed }
      }),
    )
  }

  async watch(wake: (channel?: string) => void): Promise<LogWatch> {
    this.#stop.signal.throwIfAborted()
    return this.#watches.open(wake)
  }

  /** Calls that follow reject with `SERVICE_UNAVAILABLE`. */
  async close(): Promise<void> {
    if (this.#stop.signal.aborted) return
    this.#stop.abort(new RPCError('SERVICE_UNAVAILABLE', { message: 'The log was closed' }))
    this.#watches.close()
    const producer = await this.#producer?.catch(() => undefined)
    const reader = await this.#reader?.catch(() => undefined)
    await Promise.allSettled([producer?.disconnect(), reader?.close(), this.#topic.close()])
  }

  async #channel(name: string): Promise<Channel> {
    this.#stop.signal.throwIfAborted()
    this.#count ??= (await this.#topic.bounds()).length
    const hash = channelDigest(name)
    const number = Number.parseInt(hash.slice(0, 8), 16) % this.#count
    // Of more partitions is another history: the channels have moved.
    return { hash, number, epoch: `${this.#options.epoch}x${this.#count}x${hash}` }
  }

  async #bounds(number: number): Promise<Bounds> {
    const bounds = await this.#topic.bounds()
    return bounds[number] as Bounds
  }

  async #partition(number: number): Promise<Partition> {
    const { partitions } = await this.#read()
    return partitions[number] as Partition
  }

  async #send(messages: Parameters<KafkaProducer['send']>[0]['messages']): ReturnType<KafkaProducer['send']> {
    const { timeout } = this.#options
    const limit = { milliseconds: timeout, subject: 'Kafka' }
    this.#stop.signal.throwIfAborted()
    this.#producer ??= this.#connectProducer()
    const producer = await withTimeout(this.#producer, limit).catch((cause) => {
      throw new RPCError('SERVICE_UNAVAILABLE', { message: `Kafka cannot be used: ${cause}`, cause })
    })
    const sent = producer.send({ topic: this.#topicName, acks: -1, timeout, messages })
    return withTimeout(sent, limit).catch((cause) => {
      throw explain(cause)
    })
  }

  #connectProducer(): Promise<KafkaProducer> {
    // A retry of the client's own might append twice.
    return connected(this.#client.producer({ retry: { retries: 0 } })).catch((error) => {
      this.#producer = undefined
      throw error
    })
  }

  async #read(): Promise<TopicReader> {
    this.#stop.signal.throwIfAborted()
    this.#reader ??= this.#openReader()
    return this.#reader
  }

  async #openReader(): Promise<TopicReader> {
    const forget = (): void => {
      this.#reader = undefined
    }
    try {
      return await TopicReader.open(this.#client, await this.#topic.bounds(), {
        topic: this.#topicName,
        timeout: this.#options.timeout,
        signal: this.#stop.signal,
        onRecord: ({ channel }) => {
          const name = this.#names.get(channel)
          if (name !== undefined) this.#watches.wake(name)
        },
        // Who looks has it catch up, or opens it again.
        onStray: () => this.#watches.wakeAll(),
        onLost: () => {
          forget()
          this.#watches.wakeAll()
        },
      })
    } catch (cause) {
      forget()
      this.#stop.signal.throwIfAborted()
      throw new RPCError('SERVICE_UNAVAILABLE', { message: `Kafka cannot be read: ${cause}`, cause })
    }
  }

  async #listen(name: string): Promise<void> {
    this.#names.set(channelDigest(name), name)
    await this.#read()
  }

  async #readHistory(partition: Partition, number: number, reading: Reading): Promise<Page> {
    const { after, head } = reading
    const { low } = await this.#bounds(number)
    const isWithin = after === 'start' || (after.epoch === head.epoch && after.offset <= head.offset)
    const from = after === 'start' ? low : Math.max(after.offset - 1, low)
    const messages = isWithin ? await partition.history(from, head.offset, fullPage(reading)) : []
    // After the records: what is trimmed while they are read shall be told.
    const { low: trimmed } = await this.#bounds(number)
    return historyPage(messages, reading, trimmed)
  }
}

/** What a broker answers when it has not taken an event. */
const REFUSED = /AUTHORIZATION_FAILED|INVALID|TOO_LARGE|NOT_LEADER|NOT_ENOUGH_REPLICAS$|UNKNOWN_TOPIC/

/** The broker's word for what was the matter, if it has answered. */
function typeOf(error: unknown): string | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause)
    if ('type' in cause && typeof cause.type === 'string') return cause.type
  return undefined
}

function explain(cause: unknown): RPCError<string, unknown> {
  const type = typeOf(cause)
  if (type !== undefined && REFUSED.test(type)) {
    const code = type.endsWith('TOO_LARGE') ? 'PAYLOAD_TOO_LARGE' : 'SERVICE_UNAVAILABLE'
    return new RPCError(code, { message: `Kafka refused the event: ${type}`, cause })
  }
  const message = 'Kafka did not acknowledge the event: it may have been appended or not'
  return new RPCError('APPEND_UNKNOWN', { status: 503, message, cause })
}
