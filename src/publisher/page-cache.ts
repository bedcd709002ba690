import type { HistoryPage } from './history-page.ts'
import type { Position } from './position.ts'

export interface PageCacheOptions {
  /** The most bytes kept. */
  readonly bytes: number
  /** How long a page is kept, in ms: what the log has trimmed since should not be served for ever. */
  readonly age: number
}

/** Pages of history that were read lately, those of all channels together, the least used dropped first. */
export class PageCache {
  readonly #options: PageCacheOptions
  readonly #channels = new Map<string, Set<HistoryPage>>()
  /** In the order of their last use. */
  readonly #pages = new Map<HistoryPage, string>()
  #bytes = 0

  constructor(options: PageCacheOptions) {
    this.#options = options
  }

  /** How many bytes are kept. */
  get bytes(): number {
    return this.#bytes
  }

  add(channel: string, page: HistoryPage): void {
    if (page.bytes > this.#options.bytes) return
    this.#pages.set(page, channel)
    this.#bytes += page.bytes
    let pages = this.#channels.get(channel)
    if (pages === undefined) {
      pages = new Set()
      this.#channels.set(channel, pages)
    }
    pages.add(page)
    for (const [oldest] of this.#pages) {
      if (this.#bytes <= this.#options.bytes) break
      this.#drop(oldest)
    }
  }

  /** A page that knows the place and has something behind it. */
  find(channel: string, place: Position): HistoryPage | undefined {
    const oldest = Date.now() - this.#options.age
    for (const page of [...(this.#channels.get(channel) ?? [])]) {
      if (page.readAt <= oldest) this.#drop(page)
      else if (page.serves(place)) {
        this.#pages.delete(page)
        this.#pages.set(page, channel)
        return page
      }
    }
    return undefined
  }

  /** Forgets a channel. */
  delete(channel: string): void {
    for (const page of this.#channels.get(channel) ?? []) this.#drop(page)
  }

  #drop(page: HistoryPage): void {
    const channel = this.#pages.get(page)
    if (channel === undefined) return
    this.#pages.delete(page)
    this.#bytes -= page.bytes
    const pages = this.#channels.get(channel)
    pages?.delete(page)
    if (pages?.size === 0) this.#channels.delete(channel)
  }
}
