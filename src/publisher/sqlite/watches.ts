import type { Appended, LogWatch, Wake } from '../event-log.ts'
import type { SqliteConnection, SqliteStatement } from './database.ts'
import { fromText } from './schema.ts'

interface Watch {
  readonly wake: Wake
  readonly channels: Set<string>
}

/**
 * Wakes for appends: for the log's own at once, for those of others when a poll of the database's version shows that
 * somebody has written. The log counts its appends, so that what is new is found without asking for each channel.
 */
export class Watches {
  readonly #interval: number
  readonly #version: SqliteStatement
  readonly #count: SqliteStatement
  readonly #changed: SqliteStatement
  readonly #watches = new Set<Watch>()
  #timer: ReturnType<typeof setInterval> | undefined
  #lastVersion = -1
  #lastCount = 0

  constructor(connection: SqliteConnection, interval: number) {
    this.#interval = interval
    this.#version = connection.prepare('PRAGMA data_version')
    this.#count = connection.prepare('SELECT appends FROM headwater_log')
    this.#changed = connection.prepare('SELECT name FROM headwater_channels WHERE appended > ?')
  }

  /** All channels that somebody watches. */
  get channels(): Set<string> {
    return new Set([...this.#watches].flatMap(({ channels }) => [...channels]))
  }

  open(wake: Wake): LogWatch {
    const watch: Watch = { wake, channels: new Set() }
    this.#watches.add(watch)
    return {
      add: async (channel) => {
        this.#start()
        watch.channels.add(channel)
      },
      delete: (channel) => void watch.channels.delete(channel),
      close: async () => {
        this.#watches.delete(watch)
        if (this.#watches.size === 0) this.#stop()
      },
    }
  }

  /** Wakes at once for an append of this log, by its number, and spares it the wake-up by the poll. */
  appended(channel: string, count: number, appended: () => Appended | undefined): void {
    if (this.#timer === undefined) return
    if (count === this.#lastCount + 1) this.#lastCount = count
    this.#wake(channel, appended())
  }

  close(): void {
    this.#watches.clear()
    this.#stop()
  }

  /** Does not keep the process alive. */
  #start(): void {
    if (this.#timer !== undefined || this.#watches.size === 0) return
    this.#lastCount = Number(this.#count.get().appends)
    this.#timer = setInterval(() => this.#poll(), this.#interval)
    this.#timer.unref()
  }

  #stop(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  #wake(channel: string, appended?: Appended): void {
    for (const watch of this.#watches) if (watch.channels.has(channel)) watch.wake(channel, appended)
  }

  #poll(): void {
    try {
      const version = Number(this.#version.get().data_version)
      if (version === this.#lastVersion) return
      const count = Number(this.#count.get().appends)
      const changed = this.#changed.all(this.#lastCount)
      // Who counts back has been replaced by another history.
      if (count < this.#lastCount) for (const { wake } of this.#watches) wake()
      for (const { name } of changed) this.#wake(fromText(name))
      this.#lastCount = count
      this.#lastVersion = version
    } catch {
      // Locked for a moment, or worse: the next poll looks again, and what is read meanwhile says what is the matter.
    }
  }
}
