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
  /** With some that are trimmed before the others: they are removed many at a time. */
  records: TimedRecord[]
  /** How many of them are trimmed. */
  gone: number
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
    const now = this.#options.now()
    const channel = this.#channel(name, now)
    const known = idempotencyKey === undefined ? undefined : channel.keys.get(idempotencyKey)
    if (known !== undefined && known.expires > now) return repeated(known.result, channel.epoch)

    const { epoch, head: before } = channel
    if (records.length === 0) throw new RangeError('There is nothing to append')
    const tag = randomToken(6)
    // The clock may be set back; the order of the records may not.
    const time = Math.max(now, channel.records.at(-1)?.time ?? 0)
    let { offset } = before
    for (const { data } of records) channel.records.push({ offset: ++offset, tag, data, time })
    const last: Position = { epoch, offset, tag }
    const first = records.length === 1 ? last : { epoch, offset: before.offset + 1, tag }
    channel.head = last
    channel.retention = retention
    trim(channel, now)

    const result: AppendResult = { before, first, last, duplicate: false }
    if (idempotencyKey !== undefined) {
      channel.keys.set(idempotencyKey, { result, expires: now + this.#options.idempotencySeconds * 1000 })
    }
    if (this.#watches.size > 0) {
      const appended = appendedBy(result, records)
      for (const wake of this.#watches) wake(name, appended)
    }
    return result
  }

  async read(
    name: string,
    after: Position | 'start',
    limit: { readonly records: number; readonly bytes: number },
  ): Promise<Page> {
    const channel = this.#open(name)
    const { epoch, head, trimmed, gone } = channel
    const indexAfter = (offset: number): number => gone + offset - trimmed.offset
    const tagAt = (offset: number) => channel.records[indexAfter(offset) - 1]?.tag
    if (after !== 'start') assertPlace({ head, trimmed, tagAt }, after)
    const offset = after === 'start' ? trimmed.offset : Math.max(after.offset, trimmed.offset)

    const records: StoredRecord[] = []
    let bytes = 0
    for (const record of channel.records.slice(indexAfter(offset), indexAfter(offset) + limit.records)) {
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
      const { head, trimmed } = this.#open(name)
      return { position: head, trimmed: trimmed.offset }
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

  /** A channel without what is over its time. */
  #open(name: string): Channel {
    const now = this.#options.now()
    const channel = this.#channel(name, now)
    trim(channel, now)
    return channel
  }

  #channel(name: string, now: number): Channel {
    this.#assertOpen()
    let channel = this.#channels.get(name)
    if (channel === undefined) {
      const start: Position = { epoch: randomToken(12), offset: 0, tag: NO_TAG }
      channel = {
        epoch: start.epoch,
        records: [],
        gone: 0,
        head: start,
        trimmed: start,
        retention: {},
        keys: new Map(),
        usedAt: 0,
      }
      this.#channels.set(name, channel)
      this.#startSweeper()
    }
    channel.usedAt = now
    return channel
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
      trim(channel, now)
      for (const [key, { expires }] of channel.keys) if (expires <= now) channel.keys.delete(key)
      const idle =
        channel.records.length === channel.gone &&
        channel.keys.size === 0 &&
        channel.usedAt <= now - this.#options.forgetSeconds * 1000
      if (idle) this.#channels.delete(name)
    }
    if (this.#channels.size > 0) return
    clearInterval(this.#sweeper)
    this.#sweeper = undefined
  }
}

function trim(channel: Channel, now: number): void {
  const { records, retention } = channel
  const { seconds = Number.POSITIVE_INFINITY, events = Number.POSITIVE_INFINITY } = retention
  const oldest = now - seconds * 1000
  let { gone } = channel
  const isOver = ({ time }: TimedRecord): boolean => gone < records.length - events || time <= oldest
  // Times only grow with the offsets.
  for (let next = records[gone]; next !== undefined && isOver(next); next = records[gone]) gone++
  if (gone === channel.gone) return
  const { offset, tag } = records[gone - 1] as TimedRecord
  channel.trimmed = { epoch: channel.epoch, offset, tag }
  channel.gone = gone
  if (gone < records.length / 8) return
  channel.records = records.slice(gone)
  channel.gone = 0
}

/** Places of a channel are of its epoch, whatever it was when they were appended. */
function repeated({ before, first, last }: AppendResult, epoch: string): AppendResult {
  const place = (position: Position): Position => ({ ...position, epoch })
  return { before: before && place(before), first: place(first), last: place(last), duplicate: true }
}
