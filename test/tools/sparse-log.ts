import type {
  AppendOptions,
  AppendResult,
  EventLog,
  Head,
  LogCapabilities,
  LogWatch,
  NewRecord,
  Page,
} from '../../src/publisher/event-log.ts'
import type { Position } from '../../src/publisher/position.ts'

const STEP = 1000

const outer = <Place extends Position>(place: Place): Place => ({ ...place, offset: place.offset * STEP })
const inner = (place: Position): Position => ({ ...place, offset: place.offset / STEP })

/** A log as one behind a sequence that channels share: offsets are in order but have holes. */
export class SparseLog implements EventLog {
  readonly #log: EventLog
  readonly capabilities: LogCapabilities

  constructor(log: EventLog) {
    this.#log = log
    this.capabilities = { ...log.capabilities, offsets: 'ordered' }
  }

  async append(channel: string, records: readonly NewRecord[], options: AppendOptions<never>): Promise<AppendResult> {
    const { first, last, duplicate } = await this.#log.append(channel, records, options)
    return { first: outer(first), last: outer(last), duplicate }
  }

  async read(
    channel: string,
    after: Position | 'start',
    limit: { readonly records: number; readonly bytes: number },
  ): Promise<Page> {
    const page = await this.#log.read(channel, after === 'start' ? after : inner(after), limit)
    return {
      records: page.records.map((record) => ({ ...record, offset: record.offset * STEP })),
      through: outer(page.through),
      position: outer(page.position),
      trimmed: page.trimmed * STEP,
    }
  }

  async heads(channels: readonly string[]): Promise<readonly Head[]> {
    const heads = await this.#log.heads(channels)
    return heads.map(({ position, trimmed }) => ({ position: outer(position), trimmed: trimmed * STEP }))
  }

  watch(wake: (channel?: string) => void): Promise<LogWatch> {
    return this.#log.watch((channel) => wake(channel))
  }

  close(): Promise<void> {
    return this.#log.close()
  }
}
