import type { EventFormat } from './event-format.ts'
import type { Page } from './event-log.ts'
import { HistoryPage } from './history-page.ts'
import type { PageCache } from './page-cache.ts'
import type { Position } from './position.ts'

/** One page of a log: enough to be worth a round trip, little enough to be held by each reader. */
export const PAGE_LIMIT: { readonly records: number; readonly bytes: number } = { records: 256, bytes: 256 * 1024 }

export interface HistoryOptions {
  readonly channel: string
  readonly format: EventFormat
  readonly cache: PageCache
  /** Changes when what was read may not be this history any more. */
  readonly generation: () => number
  /** Asks the log until it answers or the signal aborts. */
  readonly read: (after: Position | 'start', signal: AbortSignal) => Promise<Page>
}

interface Waiting {
  readonly after: Position | 'start'
  resolve(page: HistoryPage): void
  reject(error: unknown): void
}

/**
 * A channel's history as those share it who have fallen behind the tail, or resume from before it.
 *
 * One read is under way at a time, and it begins where it serves the most of those who wait: ten thousand who resume at
 * different places cost as many reads as there are pages between them.
 */
export class History {
  readonly #options: HistoryOptions
  readonly #waiting = new Set<Waiting>()
  #underWay: AbortController | undefined
  /** How far a page reaches, as an offset: more than its records where offsets have holes. */
  #span = PAGE_LIMIT.records

  constructor(options: HistoryOptions) {
    this.#options = options
  }

  /** A page with what follows a place, which may begin before it. Rejects with a gap, or the signal's reason. */
  page(after: Position | 'start', signal: AbortSignal): Promise<HistoryPage> {
    const page = this.#find(after)
    if (page !== undefined) return Promise.resolve(page)
    return new Promise((resolve, reject) => {
      const settled = (): void => {
        this.#waiting.delete(waiting)
        signal.removeEventListener('abort', leave)
      }
      const waiting: Waiting = {
        after,
        resolve: (page) => {
          settled()
          resolve(page)
        },
        reject: (error) => {
          settled()
          reject(error)
        },
      }
      const leave = (): void => {
        waiting.reject(signal.reason)
        // Nobody is left to read for.
        if (this.#waiting.size === 0) this.#underWay?.abort(signal.reason)
      }
      if (signal.aborted) return reject(signal.reason)
      signal.addEventListener('abort', leave)
      this.#waiting.add(waiting)
      if (this.#underWay === undefined) void this.#serve()
    })
  }

  /** Forgets what was read. */
  clear(): void {
    this.#options.cache.delete(this.#options.channel)
  }

  async #serve(): Promise<void> {
    // Those who come in the same instant are served together.
    this.#underWay = new AbortController()
    await Promise.resolve()
    for (let next = this.#next(); next !== undefined; next = this.#next()) {
      this.#underWay = new AbortController()
      await this.#readFor(next, this.#underWay.signal)
    }
    this.#underWay = undefined
  }

  async #readFor({ after, reject }: Waiting, signal: AbortSignal): Promise<void> {
    const { cache, channel, format, read } = this.#options
    const generation = this.#options.generation()
    const isAsked = (waiting: Waiting): boolean => isSameStart(waiting.after, after)
    try {
      const page = new HistoryPage(await read(after, signal), after, format, generation)
      if (!page.isTrimmed) cache.add(channel, page)
      if (page.events.length > 1) this.#span = page.through.offset - page.after.offset
      for (const waiting of [...this.#waiting]) {
        if (isAsked(waiting)) waiting.resolve(page)
        else if (waiting.after !== 'start' && page.serves(waiting.after)) waiting.resolve(page)
      }
    } catch (error) {
      // By now others may have come to the same place; when all had left, they were not meant by the abort.
      if (!signal.aborted) for (const waiting of [...this.#waiting]) if (isAsked(waiting)) waiting.reject(error)
      reject(error)
    }
  }

  /** Who has waited longest, or somebody close before them whose page most likely has their place in it. */
  #next(): Waiting | undefined {
    const [first] = this.#waiting
    if (first === undefined || first.after === 'start') return first
    const { epoch, offset } = first.after
    let next = first
    let least = offset
    for (const waiting of this.#waiting) {
      if (waiting.after === 'start' || waiting.after.epoch !== epoch) continue
      if (waiting.after.offset >= least || waiting.after.offset <= offset - this.#span) continue
      next = waiting
      least = waiting.after.offset
    }
    return next
  }

  #find(after: Position | 'start'): HistoryPage | undefined {
    if (after === 'start') return undefined
    const page = this.#options.cache.find(this.#options.channel, after)
    return page?.generation === this.#options.generation() ? page : undefined
  }
}

function isSameStart(one: Position | 'start', other: Position | 'start'): boolean {
  if (one === 'start' || other === 'start') return one === other
  return one.epoch === other.epoch && one.offset === other.offset && one.tag === other.tag
}
