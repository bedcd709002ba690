import type { Appended, LogWatch, Wake } from './event-log.ts'

/** How often readers have to come along with the others of their stream, in ms, for records that are kept so long. */
export function lookInterval(retentionSeconds: number): number {
  return Math.min((retentionSeconds * 1000) / 3, 60_000)
}

export interface WatchesOptions {
  /** Begins to listen for a channel, when the first one watches it; resolves once what is appended wakes. */
  readonly listen?: ((channel: string) => Promise<void>) | undefined
  /** The last one has gone. */
  readonly unlisten?: ((channel: string) => void) | undefined
  /**
   * How often whoever watches is let look, in ms. Where a channel shares its offsets with others, a reader of a quiet one has
   * to come along with them, lest its place be trimmed.
   */
  readonly interval: number
}

interface Watched {
  readonly wakes: Set<Wake>
  readonly listening: Promise<void>
}

/** Who of this process watches which channels of a log. */
export class Watches {
  readonly #options: WatchesOptions
  readonly #watched = new Map<string, Watched>()

  #timer: ReturnType<typeof setInterval> | undefined

  constructor(options: WatchesOptions) {
    this.#options = options
  }

  open(wake: Wake): LogWatch {
    // One of its own: the same function may be given twice.
    const own: Wake = (channel, appended) => wake(channel, appended)
    const channels = new Set<string>()
    const drop = (channel: string): void => {
      if (channels.delete(channel)) this.#delete(channel, own)
    }
    return {
      add: async (channel) => {
        channels.add(channel)
        try {
          await this.#add(channel, own)
        } catch (error) {
          drop(channel)
          throw error
        }
      },
      delete: drop,
      close: async () => {
        for (const channel of channels) drop(channel)
      },
    }
  }

  has(channel: string): boolean {
    return this.#watched.has(channel)
  }

  /** Wakes who watches the channel. */
  wake(channel: string, appended?: Appended): void {
    for (const wake of this.#watched.get(channel)?.wakes ?? []) wake(channel, appended)
  }

  /** Lets everybody look. */
  wakeAll(): void {
    const all = new Set([...this.#watched.values()].flatMap(({ wakes }) => [...wakes]))
    for (const wake of all) wake()
  }

  close(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
    for (const channel of this.#watched.keys()) this.#options.unlisten?.(channel)
    this.#watched.clear()
  }

  /** Does not keep the process alive. */
  #start(): void {
    if (this.#timer !== undefined) return
    this.#timer = setInterval(() => this.wakeAll(), this.#options.interval)
    ;(this.#timer as { unref?: () => void }).unref?.()
  }

  #add(channel: string, wake: Wake): Promise<void> {
    const known = this.#watched.get(channel)
    if (known !== undefined) {
      known.wakes.add(wake)
      return known.listening
    }
    this.#start()
    const listening = this.#options.listen?.(channel) ?? Promise.resolve()
    this.#watched.set(channel, { wakes: new Set([wake]), listening })
    return listening
  }

  #delete(channel: string, wake: Wake): void {
    const watched = this.#watched.get(channel)
    if (!watched?.wakes.delete(wake) || watched.wakes.size > 0) return
    this.#watched.delete(channel)
    this.#options.unlisten?.(channel)
  }
}
