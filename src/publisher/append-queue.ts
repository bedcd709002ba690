import type { EventLog, NewRecord, Retention, StoredRecord } from './event-log.ts'
import { formatId, type Position } from './position.ts'

/** What a publish is answered with. */
export interface PublishResult {
  /** The event's id: what a subscriber that resumes after it sends as `lastEventId`. */
  readonly id: string
  /** Whether the idempotency key was used before: then nothing was appended and the id is that of the first event. */
  readonly duplicate: boolean
}

export interface AppendQueueOptions {
  readonly log: EventLog
  readonly retention: Retention
  /** What an append to this channel has to wait for. Rejections do not matter. */
  readonly before: (channel: string) => Promise<unknown> | undefined
  /** Is told of what has been appended, and behind which place, where the log says so. */
  readonly after: (channel: string, epoch: string, records: readonly StoredRecord[], before?: Position) => void
}

interface Waiting {
  readonly record: NewRecord
  readonly idempotencyKey: string | undefined
  resolve(result: PublishResult): void
  reject(error: unknown): void
}

const MAX_BATCH = 256

/**
 * Appends in the order of the calls: one append is under way per channel. What waits meanwhile without a key of its own
 * goes out together in the next one.
 */
export class AppendQueue {
  readonly #options: AppendQueueOptions
  readonly #waiting = new Map<string, Waiting[]>()

  constructor(options: AppendQueueOptions) {
    this.#options = options
  }

  append(channel: string, record: NewRecord, idempotencyKey: string | undefined): Promise<PublishResult> {
    return new Promise((resolve, reject) => {
      const entry = { record, idempotencyKey, resolve, reject }
      const waiting = this.#waiting.get(channel)
      if (waiting !== undefined) waiting.push(entry)
      else {
        const queue = [entry]
        this.#waiting.set(channel, queue)
        void this.#drain(channel, queue)
      }
    })
  }

  async #drain(channel: string, queue: Waiting[]): Promise<void> {
    while (queue.length > 0) {
      const batch = queue.splice(0, this.#batchSize(queue))
      try {
        await this.#options.before(channel)?.catch(() => {})
        await this.#appendBatch(channel, batch)
      } catch (error) {
        for (const { reject } of batch) reject(error)
      }
    }
    this.#waiting.delete(channel)
  }

  /** The places of a batch's records are known only where offsets are contiguous. */
  #batchSize(queue: readonly Waiting[]): number {
    const { offsets, atomicBatch } = this.#options.log.capabilities
    if (queue[0]?.idempotencyKey !== undefined || offsets !== 'contiguous' || !atomicBatch) return 1
    const keyed = queue.findIndex(({ idempotencyKey }) => idempotencyKey !== undefined)
    return Math.min(MAX_BATCH, keyed === -1 ? queue.length : keyed)
  }

  async #appendBatch(channel: string, batch: readonly Waiting[]): Promise<void> {
    const { log, retention, after } = this.#options
    const records = batch.map(({ record }) => record)
    const { before, first, duplicate } = await log.append(channel, records, {
      retention,
      idempotencyKey: batch[0]?.idempotencyKey,
    })
    const stored = records.map(({ data }, index) => ({ offset: first.offset + index, tag: first.tag, data }))
    if (!duplicate) after(channel, first.epoch, stored, before)
    batch.forEach(({ resolve }, index) => {
      resolve({ id: formatId({ ...first, offset: first.offset + index }), duplicate })
    })
  }
}
