import { withTimeout } from '../core/timeout.ts'
import { ChannelReader } from './channel-reader.ts'
import type { EventFormat } from './event-format.ts'
import type { Appended, AppendResult, EventLog, LogWatch, NewRecord } from './event-log.ts'
import { HeadsPoll } from './heads-poll.ts'
import type { ChannelStats, Measures, PublisherStats } from './measures.ts'
import { PageCache } from './page-cache.ts'
import { formatId } from './position.ts'

export interface ChannelReadersOptions {
  readonly log: EventLog
  readonly formatOf: (channel: string) => EventFormat
  /** How often the log is asked for wake-ups that were lost, in ms. */
  readonly heartbeat: number
  /** The longest that the log may take to answer, in ms. */
  readonly timeout: number
  readonly onError: (error: unknown) => void
  readonly measures: Measures
}

/** Who is on its way through a channel. */
export interface Follower {
  /** How far it is behind the channel's head, in offsets. */
  readonly lag: number
}

/** The hold that subscribers have on a channel's reader. */
export interface ReaderLease {
  readonly reader: ChannelReader
  /** Call it once for each follower. */
  release(follower: Follower): void
}

interface OpenReader extends ReaderLease {
  readonly followers: Set<Follower>
  linger: ReturnType<typeof setTimeout> | undefined
}

/** A reader without subscribers stays for those who come back, in ms. Pages of history stay as long. */
const LINGER = 30_000
const CACHE_LIMIT = { bytes: 16 * 1024 * 1024, age: LINGER } as const

/** The readers of this process, one for each channel that has subscribers, with the one watch that wakes them. */
export class ChannelReaders {
  readonly #options: ChannelReadersOptions
  readonly #readers = new Map<string, OpenReader>()
  readonly #cache = new PageCache(CACHE_LIMIT)
  readonly #poll: HeadsPoll
  #watch: Promise<LogWatch> | undefined
  #closed = false

  constructor(options: ChannelReadersOptions) {
    this.#options = options
    this.#poll = new HeadsPoll({
      ...options,
      interval: options.heartbeat,
      channels: () => [...this.#readers.keys()],
      onHead: (channel, head) => this.#readers.get(channel)?.reader.observe(head),
    })
  }

  lease(channel: string, follower: Follower): ReaderLease {
    const open = this.#readers.get(channel) ?? this.#open(channel)
    clearTimeout(open.linger)
    open.followers.add(follower)
    return open
  }

  /** Resolves when a channel's reader knows where its subscribers begin; `undefined` when there is nothing to wait for. */
  started(channel: string): Promise<void> | undefined {
    const open = this.#readers.get(channel)
    return open === undefined || open.reader.isStarted ? undefined : open.reader.started
  }

  /** Tells a channel's reader what this process has appended. */
  feed(channel: string, result: AppendResult, records: readonly NewRecord[]): void {
    this.#readers.get(channel)?.reader.feed(result, records)
  }

  /** There may be something new, in one channel or in any. */
  wake(channel?: string, appended?: Appended): void {
    if (channel === undefined) for (const { reader } of this.#readers.values()) reader.wake()
    else this.#readers.get(channel)?.reader.wake(appended)
  }

  /** The channels that are read. */
  channels(): ChannelStats[] {
    return [...this.#readers].map(([channel, { reader, followers }]) => ({
      channel,
      subscribers: followers.size,
      head: reader.isStarted ? formatId(reader.head) : undefined,
      lag: hindmost(followers),
      ...reader.counts,
    }))
  }

  /** How things stand. */
  now(): Pick<PublisherStats, 'subscribers' | 'channels' | 'lag' | 'cacheBytes' | 'tailBytes'> {
    let [subscribers, lag, tailBytes] = [0, 0, 0]
    for (const { reader, followers } of this.#readers.values()) {
      subscribers += followers.size
      lag = Math.max(lag, hindmost(followers))
      tailBytes += reader.tailBytes
    }
    return { subscribers, channels: this.#readers.size, lag, cacheBytes: this.#cache.bytes, tailBytes }
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#poll.stop()
    const readers = [...this.#readers.values()]
    this.#readers.clear()
    for (const { linger } of readers) clearTimeout(linger)
    for (const { reader } of readers) reader.close()
    const watch = await this.#watch?.catch(() => undefined)
    await watch?.close()
  }

  #open(channel: string): OpenReader {
    const reader = new ChannelReader(channel, {
      ...this.#options,
      watch: () => this.#watchOnce(),
      format: this.#options.formatOf(channel),
      cache: this.#cache,
      unwatch: () => void this.#unwatch(channel),
    })
    const open: OpenReader = {
      reader,
      followers: new Set(),
      linger: undefined,
      release: (follower) => {
        open.followers.delete(follower)
        if (open.followers.size === 0) this.#closeLater(channel, open)
      },
    }
    this.#readers.set(channel, open)
    this.#poll.start()
    return open
  }

  #closeLater(channel: string, open: OpenReader): void {
    if (this.#closed) return
    open.linger = setTimeout(() => {
      this.#readers.delete(channel)
      if (this.#readers.size === 0) this.#poll.stop()
      open.reader.close()
    }, LINGER)
    ;(open.linger as { unref?: () => void }).unref?.()
  }

  /** Unless there is a new reader already. */
  async #unwatch(channel: string): Promise<void> {
    const watch = await this.#watch?.catch(() => undefined)
    if (!this.#readers.has(channel)) watch?.delete(channel)
  }

  /** One watch for the whole process; an attempt that failed, or is not answered in time, is not kept. */
  #watchOnce(): Promise<LogWatch> {
    this.#watch ??= this.#openWatch().catch((error: unknown) => {
      this.#watch = undefined
      throw error
    })
    return this.#watch
  }

  async #openWatch(): Promise<LogWatch> {
    const { log, timeout } = this.#options
    const opening = log.watch((channel, appended) => this.wake(channel, appended))
    try {
      return await withTimeout(opening, { milliseconds: timeout, subject: 'The log' })
    } catch (error) {
      // Should it come after all, nobody is waiting for it any more.
      opening.then((watch) => watch.close()).catch(() => {})
      throw error
    }
  }
}

function hindmost(followers: Iterable<Follower>): number {
  let lag = 0
  for (const follower of followers) lag = Math.max(lag, follower.lag)
  return lag
}
