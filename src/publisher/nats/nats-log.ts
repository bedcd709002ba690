import { byteLength } from '../../core/byte-length.ts'
import { RPCError } from '../../core/error.ts'
import { randomToken } from '../../core/random-token.ts'
import { assertPlace } from '../assert-place.ts'
import { channelDigest, digest } from '../digest.ts'
import type {
  AppendOptions,
  AppendResult,
  EventLog,
  Head,
  LogCapabilities,
  LogWatch,
  NewRecord,
  Page,
  StoredRecord,
  Wake,
} from '../event-log.ts'
import { onlyRecord } from '../only-record.ts'
import { NO_TAG, type Position } from '../position.ts'
import { formatRecord, RECORD_TAG_LENGTH } from '../record-text.ts'
import { shareCalls } from '../share-calls.ts'
import { LogStream, type LogStreamOptions, type OpenStream, wakePrefix } from './log-stream.ts'
import type { JetStream, NatsConnection } from './nats-connection.ts'
import { NatsWakes } from './nats-wakes.ts'
import { StreamApi } from './stream-api.ts'

export interface NatsLogOptions extends LogStreamOptions {
  /** `jetstream(connection)`. */
  readonly jetstream: JetStream
  /** How long the server may take to answer, in ms. Default 5000. */
  readonly timeout?: number | undefined
}

type Limit = Parameters<EventLog['read']>[2]

/** So many records of a page are asked for one by one, before a consumer is worth its while. */
const ONE_BY_ONE = 8

/**
 * A log in a stream of NATS JetStream, for processes on many machines.
 *
 * @example
 * const connection = await connect({ servers: 'nats://localhost:4222' })
 * const log = new NatsLog(connection, { jetstream: jetstream(connection), retentionSeconds: 3600 })
 */
export class NatsLog implements EventLog {
  readonly capabilities: LogCapabilities
  readonly #connection: NatsConnection
  readonly #jetstream: JetStream
  readonly #timeout: number
  readonly #api: StreamApi
  readonly #stream: LogStream
  readonly #wakes: NatsWakes
  /** Of whatever channel: each record belongs to one order, that of the stream. Many readers ask for the same one. */
  readonly #tagAt: (sequence: number) => Promise<string> = shareCalls(async (sequence) => {
    const record = sequence === 0 ? undefined : await this.#api.record(sequence)
    return record?.tag ?? NO_TAG
  })
  #closed = false

  /** @throws {RangeError} for settings that JetStream cannot have. */
  constructor(connection: NatsConnection, { jetstream, timeout = 5000, ...options }: NatsLogOptions) {
    this.#connection = connection
    this.#jetstream = jetstream
    this.#timeout = timeout
    const { stream = 'headwater' } = options
    this.#api = new StreamApi(connection, jetstream, stream, timeout)
    this.#stream = new LogStream(this.#api, options)
    const { retentionSeconds, idempotencySeconds, storage, replicas } = this.#stream.settings
    this.#wakes = new NatsWakes(connection, { prefix: wakePrefix(stream), retentionSeconds, timeout })
    this.capabilities = {
      offsets: 'ordered',
      survives: storage === 'file' ? 'process-kill' : 'nothing',
      copies: replicas > 1 ? 'quorum' : 'one',
      idempotencySeconds,
      retention: { count: false, perChannel: false },
      transaction: false,
      atomicBatch: false,
      rotation: { channel: false, log: true },
    }
  }

  /** Makes the stream, or makes sure that it is as the options say: to fail when the process starts. */
  async open(): Promise<void> {
    await this.#open()
  }

  /**
   * @throws {RangeError} for several records: JetStream has no append of several that is whole or not at all; and for a
   *   retention that is longer than the stream's.
   */
  async append(
    channel: string,
    records: readonly NewRecord[],
    { retention, idempotencyKey }: AppendOptions<never>,
  ): Promise<AppendResult> {
    this.#assertOpen()
    const record = onlyRecord('NatsLog', records, retention, this.#stream.settings)
    const name = channelDigest(channel)
    const tag = randomToken(RECORD_TAG_LENGTH)
    const [{ epoch }, { seq, duplicate }] = await this.#publish(formatRecord(tag, record), name, idempotencyKey)
    const place = (tag: string): Position => ({ epoch: epoch + name, offset: seq, tag })
    if (duplicate) {
      const first = place(await this.#tagOfDuplicate(seq, epoch))
      return { first, last: first, duplicate }
    }
    const last = place(tag)
    return { first: last, last, duplicate }
  }

  async read(channel: string, after: Position | 'start', limit: Limit): Promise<Page> {
    const stream = await this.#open()
    const name = channelDigest(channel)
    const epoch = stream.epoch + name
    const [head, tag] = await Promise.all([
      this.#place(epoch, stream.lastSequence),
      after === 'start' ? NO_TAG : this.#tagAt(after.offset),
    ])
    const from = after === 'start' ? stream.trimmed : Math.max(after.offset, stream.trimmed)
    const isWithin = after === 'start' || (after.epoch === epoch && after.offset <= head.offset)
    const { records, isComplete } = isWithin
      ? await this.#records(`${stream.prefix}.${name}`, from, head.offset, limit)
      : { records: [], isComplete: true }
    // After the records: what is trimmed while they are read shall be told.
    const { trimmed, ...later } = await this.#open()
    if (later.epoch !== stream.epoch)
      throw new RPCError('SERVICE_UNAVAILABLE', { message: "The log's stream was replaced while it was read" })
    if (after !== 'start') {
      // Of a place that is trimmed the tag is not known any more.
      const place = { epoch, offset: trimmed, tag: after.tag }
      assertPlace({ head, trimmed: place, tagAt: () => tag }, after)
    }
    const last = records.at(-1)
    const through = isComplete || last === undefined ? head : { epoch, offset: last.offset, tag: last.tag }
    // Some may have gone between one that was read and the next.
    return { records: records.filter(({ offset }) => offset > trimmed), through, position: head, trimmed }
  }

  async heads(channels: readonly string[]): Promise<readonly Head[]> {
    const { epoch, lastSequence, trimmed } = await this.#open()
    const { offset, tag } = await this.#place(epoch, lastSequence)
    return channels.map((channel) => ({ position: { epoch: epoch + channelDigest(channel), offset, tag }, trimmed }))
  }

  async watch(wake: Wake): Promise<LogWatch> {
    this.#assertOpen()
    return this.#wakes.open(wake)
  }

  /** Gives all channels a new epoch: who resumes gets a gap. For after a backup was put back. What was kept is gone. */
  async rotateEpoch(channel?: string): Promise<void> {
    this.#assertOpen()
    if (channel !== undefined) {
      const message = 'The epoch of a NatsLog is that of its stream: rotate it for all channels'
      throw new RPCError('NOT_IMPLEMENTED', { message })
    }
    await this.#stream.rotateEpoch()
  }

  /** Calls that follow reject with `SERVICE_UNAVAILABLE`. The connection is yours and stays open. */
  async close(): Promise<void> {
    this.#closed = true
    this.#wakes.close()
  }

  #assertOpen(): void {
    if (this.#closed) throw new RPCError('SERVICE_UNAVAILABLE', { message: 'The log was closed' })
  }

  #open(): Promise<OpenStream> {
    this.#assertOpen()
    return this.#stream.look()
  }

  async #place(epoch: string, sequence: number): Promise<Position> {
    return { epoch, offset: sequence, tag: await this.#tagAt(sequence) }
  }

  async #records(
    subject: string,
    after: number,
    head: number,
    limit: Limit,
  ): Promise<{ records: StoredRecord[]; isComplete: boolean }> {
    const records: StoredRecord[] = []
    let bytes = 0
    for (let from = after + 1; ; ) {
      if (records.length >= limit.records) return { records, isComplete: false }
      const left = { records: limit.records - records.length, bytes: limit.bytes - bytes }
      const isMany = records.length > 0 && records.length % ONE_BY_ONE === 0
      const many = isMany ? await this.#api.records(subject, from, left) : []
      // Also to learn that there is nothing more: a consumer does not know for sure.
      const next = many.length > 0 ? many : [await this.#api.record(from, subject)]
      for (const record of next) {
        if (record === undefined || record.sequence > head) return { records, isComplete: true }
        bytes += record.data.length
        if (bytes > limit.bytes && records.length > 0) return { records, isComplete: false }
        records.push({ offset: record.sequence, tag: record.tag, data: record.data })
        from = record.sequence + 1
      }
    }
  }

  /** It is there, so whatever keeps it from being looked at is no refusal. */
  async #tagOfDuplicate(sequence: number, epoch: string): Promise<string> {
    try {
      const record = await this.#api.record(sequence)
      // Asked afterwards: a stream that was replaced meanwhile has told of somebody else's.
      if ((await this.#stream.look()).epoch === epoch) return record?.tag ?? NO_TAG
    } catch (cause) {
      throw unknown('its duplicate could not be looked at', cause)
    }
    throw unknown('the stream of its duplicate was replaced')
  }

  async #publish(
    payload: string,
    name: string,
    idempotencyKey: string | undefined,
  ): Promise<[OpenStream, { readonly seq: number; readonly duplicate: boolean }]> {
    const { max_payload: largest } = this.#connection.info ?? {}
    if (largest !== undefined && payload.length * 3 > largest - HEADERS && byteLength(payload) > largest - HEADERS) {
      const message = `The event is larger than the server's max_payload of ${largest} bytes`
      throw new RPCError('PAYLOAD_TOO_LARGE', { message })
    }
    for (let attempt = 1; ; attempt++) {
      const stream = await this.#stream.known()
      try {
        const subject = `${stream.prefix}.${name}`
        // JetStream knows the ids of the whole stream, and has them from before the epoch too.
        const msgID = idempotencyKey === undefined ? {} : { msgID: digest(subject, idempotencyKey) }
        return [stream, await this.#jetstream.publish(subject, payload, { ...msgID, timeout: this.#timeout })]
      } catch (error) {
        // Its subject, which has the epoch, belongs to nobody: the stream was deleted, or another one has its name.
        if (!hasNoResponders(error)) throw explain(error)
        this.#stream.forget()
        if (attempt > 1) throw new RPCError('SERVICE_UNAVAILABLE', { message: 'JetStream is not there', cause: error })
      }
    }
  }
}

/** What the headers of a message may take of its size. */
const HEADERS = 256

function hasNoResponders(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause)
    // By the name that its class has, and by the one that it gives itself.
    if (cause.name === 'NoResponders' || cause.name === 'NoRespondersError') return true
  return false
}

function explain(cause: unknown): RPCError<string, unknown> {
  if (cause instanceof Error && cause.name === 'JetStreamApiError') {
    const message = `JetStream refused the event: ${cause.message}`
    return new RPCError('SERVICE_UNAVAILABLE', { message, cause })
  }
  return unknown('there was no answer', cause)
}

function unknown(why: string, cause?: unknown): RPCError<string, unknown> {
  const message = `The event may be in JetStream or not: ${why}`
  return new RPCError('APPEND_UNKNOWN', { status: 503, message, cause })
}
