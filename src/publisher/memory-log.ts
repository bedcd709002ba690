import { byteLength } from '../core/byte-length.ts'
import { RPCError } from '../core/error.ts'
import { randomToken } from '../core/random-token.ts'
import { appendedBy } from './appended.ts'
import { assertPlace } from './assert-place.ts'
import type {
  Appended,
  AppendOptions,
  AppendResult,
  EventLog,
  Head,
  LogCapabilities,
  LogWatch,
  NewRecord,
  Page,
  Retention,
  StoredRecord,
  Wake,
} from './event-log.ts'
import { NO_TAG, type Position } from './position.ts'

export interface MemoryLogOptions {
  /** How long an idempotency key is remembered, in seconds. Default 300. */
  readonly idempotencySeconds?: number | undefined
  /** How long a channel without records is remembered, in seconds. Later it begins anew. Default 7 days. */
  readonly forgetSeconds?: number | undefined
  /** Milliseconds since the epoch. Default `Date.now`. */
  readonly now?: (() => number) | undefined
}

interface TimedRecord extends StoredRecord {
  readonly time: number
}

interface Channel {
  epoch: string
  records: TimedRecord[]
  /** The place behind the newest record. */
  head: Position
  /** The place before the oldest record. */
  trimmed: Position
  retention: Retention
  readonly keys: Map<string, { readonly result: AppendResult; readonly expires: number }>
  usedAt: number
}

const SWEEP_MILLISECONDS = 30_000

/**
 * A log in this process's memory: for one process, for tests, for streams that may forget when it restarts.
 *
 * Nothing survives: after a restart every channel has a new epoch, and who resumes is told so by a gap.
 */
export class MemoryLog implements EventLog {
  readonly capabilities: LogCapabilities
  readonly #channels = new Map<string, Channel>()
  readonly #watches = new Set<(channel: string, appended: Appended | undefined) => void>()
  readonly #options: Required<{ [Name in keyof MemoryLogOptions]: NonNullable<MemoryLogOptions[Name]> }>
  #sweeper: ReturnType<typeof setInterval> | undefined
  #closed = false

  constructor({ idempotencySeconds = 300, forgetSeconds = 7 * 24 * 3600, now = Date.now }: MemoryLogOptions = {}) {
    this.#options = { idempotencySeconds, forgetSeconds, now }
    this.capabilities = {
      offsets: 'contiguous',
      survives: 'nothing',
      copies: 'one',
      idempotencySeconds,
      retention: { count: true, perChannel: true },
      transaction: false,
      atomicBatch: true,
      rotation: { channel: true, log: true },
    }
  }

  async append(
    name: string,
    records: readonly NewRecord[],
    { retention, idempotencyKey }: AppendOptions<never>,
  ): Promise<AppendResult> {
    const channel = this.#channel(name)
    const known = idempotencyKey === undefined ? undefined : channel.keys.get(idempotencyKey)
    if (known !== undefined && known.expires > this.#options.now()) return repeated(known.result, channel.epoch)

    const { epoch, head } = channel
    if (records.length === 0) throw new RangeError('There is nothing to append')
    const tag = randomToken(6)
    // The clock may be set back; the order of the records may not.
    const time = Math.max(this.#options.now(), channel.records.at(-1)?.time ?? 0)
    for (const [index, { data }] of records.entries()) {
      channel.records.push({ offset: head.offset + 1 + index, tag, data, time })
    }
    channel.head = { epoch, offset: head.offset + records.length, tag }
    channel.retention = retention
    this.#trim(channel)

    const result: AppendResult = {
      before: head,
      first: { epoch, offset: head.offset + 1, tag },
      last: channel.head,
      duplicate: false,
    }
    if (idempotencyKey !== undefined) {
      const expires = this.#options.now() + this.#options.idempotencySeconds * 1000
      channel.keys.set(idempotencyKey, { result, expires })
    }
    const appended = appendedBy(result, records)
    for (const wake of this.#watches) wake(name, appended)
    return result
  }

  async read(
    name: string,
    after: Position | 'start',
    limit: { readonly records: number; readonly bytes: number },
  ): Promise<Page> {
    const channel = this.#channel(name)
    this.#trim(channel)
    const { epoch, head, trimmed } = channel
    const tagAt = (offset: number) => channel.records[offset - trimmed.offset - 1]?.tag
    if (after !== 'start') assertPlace({ head, trimmed, tagAt }, after)
    const offset = after === 'start' ? trimmed.offset : Math.max(after.offset, trimmed.offset)

    const records: StoredRecord[] = []
    let bytes = 0
    for (const record of channel.records.slice(offset - trimmed.offset, offset - trimmed.offset + limit.records)) {
      bytes += byteLength(record.data)
      if (bytes > limit.bytes && records.length > 0) break
      records.push({ offset: record.offset, tag: record.tag, data: record.data })
    }
    const last = records.at(-1)
    const through = last === undefined ? head : { epoch, offset: last.offset, tag: last.tag }
    return { records, through, position: head, trimmed: trimmed.offset }
  }

  async heads(names: readonly string[]): Promise<readonly Head[]> {
    return names.map((name) => {
      const channel = this.#channel(name)
      this.#trim(channel)
      return { position: channel.head, trimmed: channel.trimmed.offset }
    })
  }

  async watch(wake: Wake): Promise<LogWatch> {
    this.#assertOpen()
    const channels = new Set<string>()
    const listener = (channel: string, appended: Appended | undefined): void => {
      if (channels.has(channel)) wake(channel, appended)
    }
    this.#watches.add(listener)
    return {
      add: async (channel) => void channels.add(channel),
      delete: (channel) => void channels.delete(channel),
      close: async () => void this.#watches.delete(listener),
    }
  }

  /** Gives a channel, or all, another epoch: whoever resumes gets a gap with reason `'epoch'`. The events stay. */
  async rotateEpoch(name?: string): Promise<void> {
    this.#assertOpen()
    for (const [rotated, channel] of this.#channels) {
      if (name !== undefined && name !== rotated) continue
      const epoch = randomToken(12)
      Object.assign(channel, { epoch, head: { ...channel.head, epoch }, trimmed: { ...channel.trimmed, epoch } })
      for (const wake of this.#watches) wake(rotated, undefined)
    }
  }

  /** Forgets everything. Calls that follow reject with `SERVICE_UNAVAILABLE`. */
  async close(): Promise<void> {
    this.#closed = true
    clearInterval(this.#sweeper)
    this.#sweeper = undefined
    this.#channels.clear()
    this.#watches.clear()
  }

  #assertOpen(): void {
    if (this.#closed) throw new RPCError('SERVICE_UNAVAILABLE', { message: 'The log was closed' })
  }

  #channel(name: string): Channel {
    this.#assertOpen()
    let channel = this.#channels.get(name)
    if (channel === undefined) {
      const start: Position = { epoch: randomToken(12), offset: 0, tag: NO_TAG }
      channel = {
        epoch: start.epoch,
        records: [],
        head: start,
        trimmed: start,
        retention: {},
        keys: new Map(),
        usedAt: 0,
      }
      this.#channels.set(name, channel)
      this.#startSweeper()
    }
    channel.usedAt = this.#options.now()
    return channel
  }

  #trim(channel: Channel): void {
    const { records, retention } = channel
    const { seconds = Number.POSITIVE_INFINITY, events = Number.POSITIVE_INFINITY } = retention
    const oldest = this.#options.now() - seconds * 1000
    const expired = records.findIndex((record) => record.time > oldest)
    const count = Math.max(expired === -1 ? records.length : expired, records.length - events)
    if (count === 0) return
    const { offset, tag } = records[count - 1] as TimedRecord
    channel.trimmed = { epoch: channel.epoch, offset, tag }
    channel.records = records.slice(count)
  }

  /** Retention must also reach the channels that nobody touches any more. Does not keep the process alive. */
  #startSweeper(): void {
    if (this.#sweeper !== undefined) return
    this.#sweeper = setInterval(() => this.#sweep(), SWEEP_MILLISECONDS)
    ;(this.#sweeper as { unref?: () => void }).unref?.()
  }

  #sweep(): void {
    const now = this.#options.now()
    for (const [name, channel] of this.#channels) {
      this.#trim(channel)
      for (const [key, { expires }] of channel.keys) if (expires <= now) channel.keys.delete(key)
      const idle =
        channel.records.length === 0 &&
        channel.keys.size === 0 &&
        channel.usedAt <= now - this.#options.forgetSeconds * 1000
      if (idle) this.#channels.delete(name)
    }
    if (this.#channels.size > 0) return
    clearInterval(this.#sweeper)
    this.#sweeper = undefined
  }
}

/** Places of a channel are of its epoch, whatever it was when they were appended. */
function repeated({ before, first, last }: AppendResult, epoch: string): AppendResult {
  const place = (position: Position): Position => ({ ...position, epoch })
  return { before: before && place(before), first: place(first), last: place(last), duplicate: true }
}
