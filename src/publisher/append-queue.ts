import { sleep } from '../core/abort.ts'
import { backoffDelay } from '../core/backoff.ts'
import { byteLength } from '../core/byte-length.ts'
import { RPCError } from '../core/error.ts'
import type { AppendOptions, AppendResult, EventLog, NewRecord, Retention } from './event-log.ts'
import type { Measures } from './measures.ts'
import { RETRY_BACKOFF } from './persist.ts'
import { formatId } from './position.ts'

/** What a publish is answered with. */
export interface PublishResult {
  /**
   * The event's id, the last one's of a batch: what a subscriber that resumes after it sends as `lastEventId`.
   */
  readonly id: string
  /**
   * Whether the idempotency key was used before: then nothing was appended and the id is that of the first event. It
   * may have been used by this very publish, when the log's answer was lost and it was asked again.
   */
  readonly duplicate: boolean
}

export interface AppendQueueOptions {
  readonly log: EventLog
  readonly retentionOf: (channel: string) => Retention
  /** What an append to this channel has to wait for. Rejections do not matter. */
  readonly before: (channel: string) => Promise<unknown> | undefined
  /** Is told of what has been appended. */
  readonly after: (channel: string, result: AppendResult, records: readonly NewRecord[]) => void
  /** Is told when something may have been appended. */
  readonly unknown: (channel: string) => void
  readonly measures: Measures
  /** Ends the repetition of appends whose answer was lost. */
  readonly signal: AbortSignal
}

interface Waiting {
  readonly records: readonly NewRecord[]
  readonly idempotencyKey: string | undefined
  resolve(result: PublishResult): void
  reject(error: unknown): void
}

/** One append: enough to be worth a round trip. What waits together is cut here; one batch of the caller's never is. */
const MAX_RECORDS = 256
const MAX_BYTES = 256 * 1024

/** How often an append whose answer was lost is repeated: half a minute's worth of waiting. */
const MAX_REPEATS = 60

/**
 * Appends in the order of the calls: one append is under way per channel. What waits meanwhile without a key of its own
 * goes out together in the next one.
 */
export class AppendQueue {
  readonly #options: AppendQueueOptions
  /** Who waits behind the append that is under way, by channel. */
  readonly #waiting = new Map<string, Waiting[]>()

  constructor(options: AppendQueueOptions) {
    this.#options = options
  }

  /** The records are appended as one, with the id of the last one for an answer. */
  append(channel: string, records: readonly NewRecord[], idempotencyKey: string | undefined): Promise<PublishResult> {
    return new Promise((resolve, reject) => {
      const entry = { records, idempotencyKey, resolve, reject }
      const waiting = this.#waiting.get(channel)
      if (waiting !== undefined) waiting.push(entry)
      else void this.#drain(channel, entry)
    })
  }

  async #drain(channel: string, first: Waiting): Promise<void> {
    const queue: Waiting[] = []
    this.#waiting.set(channel, queue)
    for (let batch = [first]; batch.length > 0; batch = queue.splice(0, this.#batchSize(queue))) {
      try {
        const before = this.#options.before(channel)
        if (before !== undefined) await before.catch(() => {})
        await this.#appendBatch(channel, batch)
      } catch (error) {
        for (const { reject } of batch) reject(error)
      }
    }
    this.#waiting.delete(channel)
  }

  /** How many of those who wait go out together: the places of all of them are known only where offsets are contiguous. */
  #batchSize(queue: readonly Waiting[]): number {
    if (queue.length < 2) return queue.length
    const { offsets, atomicBatch } = this.#options.log.capabilities
    if (queue[0]?.idempotencyKey !== undefined || offsets !== 'contiguous' || !atomicBatch) return 1
    let count = 0
    let records = 0
    let bytes = 0
    for (const entry of queue) {
      if (entry.idempotencyKey !== undefined) break
      records += entry.records.length
      for (const { data } of entry.records) bytes += byteLength(data)
      if (count > 0 && (records > MAX_RECORDS || bytes > MAX_BYTES)) break
      count++
    }
    return count
  }

  async #appendBatch(channel: string, batch: readonly Waiting[]): Promise<void> {
    const { log, retentionOf, after, unknown, measures } = this.#options
    const [one] = batch as [Waiting]
    const records = batch.length === 1 ? one.records : batch.flatMap((entry) => entry.records)
    const options = { retention: retentionOf(channel), idempotencyKey: one.idempotencyKey }
    const since = performance.now()
    let result: AppendResult
    try {
      result = await log.append(channel, records, options)
    } catch (lost) {
      result = await this.#repeat(channel, records, options, { lost, since }).catch((error) => {
        measures.notAppended(channel, records.length, error, since)
        throw error
      })
    }
    const { first, last, duplicate } = result
    measures.appended(channel, records.length, duplicate, since)
    if (duplicate) unknown(channel)
    else after(channel, result, records)
    let { offset } = first
    for (const entry of batch) {
      offset += entry.records.length
      const id = formatId(batch.length === 1 ? last : { ...first, offset: offset - 1 })
      entry.resolve({ id, duplicate })
    }
  }

  /** With a key it can be repeated when the answer was lost; until it is known, nothing of this channel overtakes it. */
  async #repeat(
    channel: string,
    records: readonly NewRecord[],
    options: AppendOptions<never>,
    { lost, since }: { readonly lost: unknown; readonly since: number },
  ): Promise<AppendResult> {
    if (!isUnknown(lost)) throw lost
    const { log, signal, unknown, measures } = this.#options
    const { idempotencySeconds } = log.capabilities
    const window = options.idempotencyKey === undefined || idempotencySeconds === false ? 0 : idempotencySeconds
    // Halved: the log's clock, which counts from its own moment, is not ours.
    const deadline = since + (window * 1000) / 2
    for (let repeat = 1; ; repeat++) {
      measures.unknownAppends++
      unknown(channel)
      if (repeat > MAX_REPEATS || performance.now() >= deadline) throw lost
      await sleep(backoffDelay(repeat, RETRY_BACKOFF), signal).catch(() => {
        throw lost
      })
      try {
        return await log.append(channel, records, options)
      } catch {
        // Once an answer was lost, no other failure says that nothing was appended.
      }
    }
  }
}

function isUnknown(error: unknown): boolean {
  return error instanceof RPCError && error.code === 'APPEND_UNKNOWN'
}
