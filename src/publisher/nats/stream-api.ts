import { fromBase64 } from '../../core/base64.ts'
import { RPCError } from '../../core/error.ts'
import { parseRecord } from '../record-text.ts'
import type { JetStream, NatsConnection } from './nats-connection.ts'

/** A stream's settings, as JetStream names them. Times are in nanoseconds. */
export interface StreamConfig {
  readonly name: string
  readonly subjects: readonly string[]
  readonly description: string
  readonly retention: 'limits'
  readonly discard: 'new'
  readonly storage: 'file' | 'memory'
  readonly num_replicas: number
  readonly max_age: number
  readonly max_msgs: number
  readonly max_msgs_per_subject: number
  readonly max_bytes: number
  readonly duplicate_window: number
  readonly republish: { readonly src: string; readonly dest: string }
}

export interface StreamInfo {
  readonly config: StreamConfig
  readonly state: { readonly first_seq: number; readonly last_seq: number }
}

/** A record with the number that the stream has given it. */
export interface StreamRecord {
  readonly sequence: number
  readonly tag: string
  readonly data: string
}

interface ApiError {
  readonly err_code: number
  readonly description: string
}

/** JetStream's codes of errors. */
const STREAM_NOT_FOUND = 10059
const STREAM_NAME_IN_USE = 10058
const NO_MESSAGE_FOUND = 10037

/** How long the server keeps the consumer of a page that failed, in ns. */
const ABANDONED_AFTER = 10e9

/**
 * What the log asks of one stream. The stream's leader answers all of it: a copy may be behind, and a place that there is would
 * look like one that there is not.
 */
export class StreamApi {
  readonly #connection: NatsConnection
  readonly #prefix: string
  readonly #name: string
  readonly #timeout: number

  constructor(connection: NatsConnection, jetstream: JetStream, name: string, timeout: number) {
    this.#connection = connection
    this.#prefix = jetstream.apiPrefix
    this.#name = name
    this.#timeout = timeout
  }

  info(): Promise<StreamInfo | undefined> {
    return this.#request('STREAM.INFO', '', STREAM_NOT_FOUND)
  }

  /** `undefined` when there is one already. */
  create(config: StreamConfig): Promise<unknown> {
    return this.#request('STREAM.CREATE', JSON.stringify(config), STREAM_NAME_IN_USE)
  }

  update(config: StreamConfig): Promise<unknown> {
    return this.#request('STREAM.UPDATE', JSON.stringify(config))
  }

  /** The record with this number, or with `subject` the first one of it from there on. */
  async record(sequence: number, subject?: string): Promise<StreamRecord | undefined> {
    const payload = JSON.stringify({ seq: sequence, next_by_subj: subject })
    const found = await this.#request<{ message: { seq: number; data?: string } }>(
      'STREAM.MSG.GET',
      payload,
      NO_MESSAGE_FOUND,
    )
    if (found === undefined) return undefined
    return { sequence: found.message.seq, ...parseRecord(toText(fromBase64(found.message.data ?? ''))) }
  }

  /** Many at once, by a consumer that lives as long. There may be more of them: a copy that is behind may have answered. */
  async records(
    subject: string,
    from: number,
    limit: { readonly records: number; readonly bytes: number },
  ): Promise<StreamRecord[]> {
    const config = {
      deliver_policy: 'by_start_sequence',
      opt_start_seq: from,
      filter_subject: subject,
      ack_policy: 'none',
      mem_storage: true,
      num_replicas: 1,
      inactive_threshold: ABANDONED_AFTER,
    }
    const payload = JSON.stringify({ stream_name: this.#name, config })
    const consumer = await this.#request<{ name: string; num_pending: number }>('CONSUMER.CREATE', payload)
    if (consumer === undefined) return []
    const count = Math.min(limit.records, consumer.num_pending)
    const records = count === 0 ? [] : await this.#fetch(consumer.name, count, limit.bytes)
    this.#connection.publish(`${this.#prefix}.CONSUMER.DELETE.${this.#name}.${consumer.name}`, '')
    return records
  }

  async #fetch(consumer: string, count: number, bytes: number): Promise<StreamRecord[]> {
    const subject = `${this.#prefix}.CONSUMER.MSG.NEXT.${this.#name}.${consumer}`
    const payload = JSON.stringify({ batch: count, max_bytes: bytes, no_wait: true })
    // With an inbox of its own, where the connection's options want it.
    const options = { strategy: 'count', maxMessages: count, maxWait: this.#timeout, noMux: true } as const
    const records: StreamRecord[] = []
    for await (const { reply, data } of await this.#connection.requestMany(subject, payload, options)) {
      // $JS.ACK[.<domain>.<account>].<stream>.<consumer>.<deliveries>.<stream's>.<consumer's>.<time>.<pending>[.<token>]
      const tokens = reply?.split('.') ?? []
      const [sequence, number] = tokens.slice(tokens.length > 9 ? 7 : 5).map(Number)
      // A status, or something was lost on the way: what came before it is whole.
      if (sequence === undefined || number !== records.length + 1) break
      records.push({ sequence, ...parseRecord(toText(data)) })
      if (records.length === count) break
    }
    return records
  }

  async #request<Answer>(what: string, payload: string, expected?: number): Promise<Answer | undefined> {
    let answer: { error?: ApiError }
    try {
      const subject = `${this.#prefix}.${what}.${this.#name}`
      const { data } = await this.#connection.request(subject, payload, { timeout: this.#timeout })
      answer = JSON.parse(toText(data))
    } catch (cause) {
      throw new RPCError('SERVICE_UNAVAILABLE', { message: `JetStream did not answer to ${what}: ${cause}`, cause })
    }
    if (answer.error === undefined) return answer as Answer
    if (answer.error.err_code === expected) return undefined
    const message = `JetStream refused ${what} for the stream ${this.#name}: ${answer.error.description}`
    throw new RPCError('SERVICE_UNAVAILABLE', { message })
  }
}

const decoder: TextDecoder = new TextDecoder('utf-8', { ignoreBOM: true })

export function toText(bytes: Uint8Array): string {
  return decoder.decode(bytes)
}
