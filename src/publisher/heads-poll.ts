import { withTimeout } from '../core/timeout.ts'
import type { EventLog, Head } from './event-log.ts'
import type { Measures } from './measures.ts'

export interface HeadsPollOptions {
  readonly log: EventLog
  /** How often, in ms. */
  readonly interval: number
  /** The longest that the log may take to answer, in ms. */
  readonly timeout: number
  readonly channels: () => readonly string[]
  readonly onHead: (channel: string, head: Head) => void
  readonly onError: (error: unknown) => void
  readonly measures: Measures
}

/**
 * Asks the log where all channels end, in one question, while there are any: what a lost wake-up left behind surfaces
 * with the next answer. Keeps no process alive.
 */
export class HeadsPoll {
  readonly #options: HeadsPollOptions
  #timer: ReturnType<typeof setInterval> | undefined
  #asking: AbortController | undefined

  constructor(options: HeadsPollOptions) {
    this.#options = options
  }

  start(): void {
    if (this.#timer !== undefined) return
    this.#timer = setInterval(() => void this.#ask(), this.#options.interval)
    ;(this.#timer as { unref?: () => void }).unref?.()
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#asking?.abort()
  }

  async #ask(): Promise<void> {
    // Never two at a time: the one that is late will be given up.
    if (this.#asking !== undefined) return
    const asking = new AbortController()
    this.#asking = asking
    const { log, timeout, onHead, onError, measures } = this.#options
    const { signal } = asking
    const channels = this.#options.channels()
    const since = performance.now()
    try {
      const heads = await withTimeout(log.heads(channels), { milliseconds: timeout, subject: 'The log', signal })
      measures.polled(channels.length, since)
      for (const [index, channel] of channels.entries()) {
        const head = heads[index]
        if (head !== undefined) onHead(channel, head)
      }
    } catch (error) {
      if (signal.aborted) return
      measures.polled(channels.length, since, error)
      onError(error)
    } finally {
      if (this.#asking === asking) this.#asking = undefined
    }
  }
}
