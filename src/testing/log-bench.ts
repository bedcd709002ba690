import { randomToken } from '../core/random-token.ts'
import type { AppendResult, EventLog, Head, Page, Retention, StoredRecord } from '../publisher/event-log.ts'
import type { Position } from '../publisher/position.ts'
import { check, checkEqual, show } from './assert.ts'
import type { LogHarness, LogSettings, OpenTransaction } from './log-harness.ts'

type AnyLog = EventLog<any>

export const ALL = { records: 10_000, bytes: 1e9 }

/** What one check works with: logs that are closed after it, channels of its own, and time. */
export class LogBench {
  readonly harness: LogHarness<any>
  readonly #opened: AnyLog[] = []
  readonly #begun = new Set<OpenTransaction<any>>()

  constructor(harness: LogHarness<any>) {
    this.harness = harness
  }

  get isContiguous(): boolean {
    return this.harness.capabilities.offsets === 'contiguous'
  }

  async log(settings?: LogSettings): Promise<AnyLog> {
    const log = await this.harness.createLog(settings)
    this.#opened.push(log)
    return log
  }

  /** Logs as several processes have them; for a log of one process alone, the same one several times. */
  async logs(count: number, settings?: LogSettings): Promise<AnyLog[]> {
    const isShared = this.harness.shared ?? true
    const first = await this.log(settings)
    const others = Array.from({ length: count - 1 }, () => (isShared ? this.log(settings) : first))
    return [first, ...(await Promise.all(others))]
  }

  /** A transaction of the caller's. It is rolled back with the check, if that has not ended it. */
  async begin(): Promise<OpenTransaction<any>> {
    const begun = await this.harness.begin?.()
    check(begun !== undefined, 'The harness begins no transactions')
    this.#begun.add(begun)
    const end = (how: () => Promise<void>): Promise<void> => {
      this.#begun.delete(begun)
      return how()
    }
    return {
      transaction: begun.transaction,
      commit: () => end(() => begun.commit()),
      rollback: () => end(() => begun.rollback()),
    }
  }

  /** A channel that nobody has used. */
  channel(name = 'channel'): string {
    return `${name}:${randomToken(8)}`
  }

  /** Lets the engine's clock advance, or waits. */
  async pass(milliseconds: number): Promise<void> {
    const { clock } = this.harness
    if (clock !== undefined) await clock.advance(milliseconds)
    else await sleep(milliseconds)
  }

  /** Compares where a channel or a page ends with the place of the last record: beyond it there may be holes. */
  checkEnd(actual: Position, last: Position | undefined, what: string): void {
    if (this.isContiguous || last === undefined) checkEqual(actual, last, what)
    else
      check(
        actual.epoch === last.epoch && actual.offset >= last.offset,
        `${what}: expected ${show(last)} or a later place, got ${show(actual)}`,
      )
  }

  /** What the probe gives, once it gives something. */
  async eventually<Value>(what: string, probe: () => Promise<Value | undefined> | Value | undefined): Promise<Value> {
    const { patience = 5000 } = this.harness
    const deadline = performance.now() + patience
    for (let wait = 1; ; wait = Math.min(wait * 2, 50)) {
      const value = await probe()
      if (value !== undefined) return value
      check(performance.now() < deadline, `${what}: not within ${patience} ms`)
      await sleep(wait)
    }
  }

  /** The first page on which so much has been trimmed, sweeping meanwhile. */
  async trimmed(log: AnyLog, channel: string, offset: number): Promise<Page> {
    return this.eventually(`Trimming up to offset ${offset}`, async () => {
      await this.harness.sweep?.()
      const page = await log.read(channel, 'start', ALL)
      return page.trimmed >= offset ? page : undefined
    })
  }

  async close(): Promise<void> {
    await Promise.all([...this.#begun].map((begun) => begun.rollback()))
    const closings = await Promise.allSettled([...new Set(this.#opened)].map((log) => log.close()))
    for (const closing of closings) {
      if (closing.status === 'rejected') throw new Error(`close(): rejected with ${show(closing.reason)}`)
    }
  }
}

export interface AppendSettings {
  readonly retention?: Retention | undefined
  readonly key?: string | undefined
}

/** Appends in one go. */
export function append(
  log: AnyLog,
  channel: string,
  data: readonly string[],
  { retention = {}, key }: AppendSettings = {},
): Promise<AppendResult> {
  const records = data.map((data) => ({ data }))
  return log.append(channel, records, { retention, idempotencyKey: key })
}

/** Appends one after the other; gives the place of each. */
export async function appendEach(
  log: AnyLog,
  channel: string,
  data: readonly string[],
  settings?: AppendSettings,
): Promise<Position[]> {
  const places: Position[] = []
  for (const record of data) places.push((await append(log, channel, [record], settings)).last)
  return places
}

export async function headOf(log: AnyLog, channel: string): Promise<Head> {
  const [head] = await log.heads([channel])
  check(head !== undefined, `heads([${show(channel)}]) gave nothing`)
  return head
}

/** Everything after a place, page by page, each as small as `size` records. */
export async function readAll(
  log: AnyLog,
  channel: string,
  after: Position | 'start' = 'start',
  size: number = ALL.records,
): Promise<StoredRecord[]> {
  const records: StoredRecord[] = []
  for (let from = after; ; ) {
    const page: Page = await log.read(channel, from, { ...ALL, records: size })
    records.push(...page.records)
    if (page.through.offset >= page.position.offset) return records
    check(
      from === 'start' || page.through.offset > from.offset,
      `A page after ${show(from)} comes no further than ${show(page.through)}, short of ${show(page.position)}`,
    )
    from = page.through
  }
}

export const dataOf = (records: readonly StoredRecord[]): string[] => records.map(({ data }) => data)

export const offsetsOf = (places: readonly { readonly offset: number }[]): number[] =>
  places.map(({ offset }) => offset)

export const numbers = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, index) => String(from + index))

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}
