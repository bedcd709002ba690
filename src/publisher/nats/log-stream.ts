import { RPCError } from '../../core/error.ts'
import { randomToken } from '../../core/random-token.ts'
import { shareCalls } from '../share-calls.ts'
import type { StreamApi, StreamConfig, StreamInfo } from './stream-api.ts'

export interface LogStreamOptions {
  /** The stream's name; its subjects begin with it. Default `'headwater'`. */
  readonly stream?: string | undefined
  /** How long all channels keep their records, in seconds. Default 300. */
  readonly retentionSeconds?: number | undefined
  /** How long an idempotency key is remembered, in seconds. Default 120, and never longer than the records. */
  readonly idempotencySeconds?: number | undefined
  /** Where the records are. Default `'file'`. */
  readonly storage?: 'file' | 'memory' | undefined
  /** On how many servers they are: 1, 3 or 5. Default 1. */
  readonly replicas?: number | undefined
}

/** The stream as it was a moment ago. */
export interface OpenStream {
  readonly epoch: string
  /** What the subjects of its channels begin with. */
  readonly prefix: string
  readonly lastSequence: number
  /** The greatest number that may have been removed. */
  readonly trimmed: number
}

const NANOSECONDS = 1e9

/** What the subjects begin with under which a stream tells of what it has stored; its epoch and the channel follow. */
export const wakePrefix = (stream: string): string => `${stream}.wake`

/**
 * The stream in which a log's records are, made when it is missing.
 *
 * Its subjects have its epoch in them: what is published to a stream that was deleted, or replaced by another one, comes
 * back instead of going into a history that it does not belong to.
 */
export class LogStream {
  readonly settings: Required<{ [Name in keyof LogStreamOptions]: NonNullable<LogStreamOptions[Name]> }>
  /** As it is now. */
  readonly look: () => Promise<OpenStream> = shareCalls(() => this.#look())
  readonly #api: StreamApi
  #known: OpenStream | undefined

  constructor(api: StreamApi, options: LogStreamOptions) {
    const { stream = 'headwater', retentionSeconds = 300, storage = 'file', replicas = 1 } = options
    const idempotencySeconds = Math.min(options.idempotencySeconds ?? 120, retentionSeconds)
    if (!/^[\w-]+$/.test(stream)) throw new RangeError(`A stream's name has letters, digits, - and _: ${stream}`)
    if (!(retentionSeconds >= 0.1 && idempotencySeconds >= 0.1)) {
      throw new RangeError('JetStream cannot keep events or idempotency keys for less than 0.1 seconds')
    }
    this.#api = api
    this.settings = { stream, retentionSeconds, idempotencySeconds, storage, replicas }
  }

  /** As it was when it was last looked at. */
  async known(): Promise<OpenStream> {
    return this.#known ?? this.look()
  }

  /** It may have been replaced. */
  forget(): void {
    this.#known = undefined
  }

  async rotateEpoch(): Promise<void> {
    await this.look()
    await this.#api.update(this.#config(randomToken(12)))
    await this.look()
  }

  async #look(): Promise<OpenStream> {
    let info = await this.#api.info()
    if (info === undefined) {
      await this.#api.create(this.#config(randomToken(12)))
      info = await this.#api.info()
    }
    if (info === undefined) throw new RPCError('SERVICE_UNAVAILABLE', { message: "The log's stream was deleted" })
    this.#known = this.#read(info)
    return this.#known
  }

  #config(epoch: string): StreamConfig {
    const { stream, retentionSeconds, idempotencySeconds, storage, replicas } = this.settings
    return {
      name: stream,
      subjects: [`${stream}.${epoch}.>`],
      description: `A log of Headwater, epoch ${epoch}`,
      retention: 'limits',
      discard: 'new',
      storage,
      num_replicas: replicas,
      max_age: Number.isFinite(retentionSeconds) ? Math.ceil(retentionSeconds * NANOSECONDS) : 0,
      // With a limit, `discard: new` or not, server 2.9 may remove the oldest records before their time.
      max_bytes: -1,
      max_msgs: -1,
      // What is removed in between would be missed by nobody.
      max_msgs_per_subject: -1,
      duplicate_window: Math.ceil(idempotencySeconds * NANOSECONDS),
      // What is stored tells of itself, with its number and that of the one before it in the channel.
      republish: { src: `${stream}.*.*`, dest: `${wakePrefix(stream)}.$1.$2` },
    }
  }

  #read({ config, state }: StreamInfo): OpenStream {
    const { stream } = this.settings
    const [subject = ''] = config.subjects ?? []
    const [name, epoch = '', rest] = subject.split('.')
    if (name !== stream || !/^[0-9a-z]{12}$/.test(epoch) || rest !== '>')
      throw new Error(`The stream ${stream} is not one of a log: its subject is ${subject}`)
    for (const [setting, wanted] of Object.entries(this.#config(epoch))) {
      const there = config[setting as keyof StreamConfig]
      const [is, ought] = [JSON.stringify(there), JSON.stringify(wanted)]
      if (setting === 'description' || is === ought) continue
      const message = `The stream ${stream} has ${setting} ${is}, the log's options say ${ought}`
      const change = `Make them equal by nats stream edit ${stream}. If the server cannot change that, delete the stream`
      throw new Error(`${message}. ${change} with its events, or give the log another one by its option "stream"`)
    }
    return {
      epoch,
      prefix: `${stream}.${epoch}`,
      lastSequence: state.last_seq,
      // Of a stream that never had a record the first number is 0.
      trimmed: Math.max(state.first_seq - 1, 0),
    }
  }
}
