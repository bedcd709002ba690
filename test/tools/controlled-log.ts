import type {
  Appended,
  AppendOptions,
  AppendResult,
  EventLog,
  Head,
  LogCapabilities,
  LogWatch,
  NewRecord,
  Page,
  Wake,
} from '../../src/publisher/event-log.ts'
import type { Position } from '../../src/publisher/position.ts'

export type Operation = 'append' | 'read' | 'heads' | 'watch' | 'add'

/** Answers that are held back, to be let go one way or the other. */
export interface Hold {
  release(): void
  fail(error: unknown): void
  /** What is held back never comes; what is called from now on is answered. */
  abandon(): void
}

interface ControlledWatch {
  readonly channels: Set<string>
  readonly wake: Wake
  inner: LogWatch
}

/** One process's view of a log, on which a test counts, delays, fails and replaces. */
export class ControlledLog implements EventLog {
  #inner: EventLog
  readonly #watches = new Set<ControlledWatch>()
  readonly #holds = new Map<Operation, Promise<void>>()
  readonly #failures = new Map<Operation, { readonly error: unknown; times: number }>()
  readonly calls: Record<Operation, number> = { append: 0, read: 0, heads: 0, watch: 0, add: 0 }
  /** Whether this process's wake-ups are lost. */
  isDeaf = false
  /** Whether wake-ups bring what was appended. */
  bringsRecords = false
  /** Lets a wake-up through, now or later. */
  onWake: (wake: () => void) => void = (wake) => wake()
  /** Changes pages on their way. */
  onPage: (page: Page) => Page = (page) => page

  constructor(inner: EventLog) {
    this.#inner = inner
  }

  get capabilities(): LogCapabilities {
    return this.#inner.capabilities
  }

  /** How many watches are open. */
  get watches(): number {
    return this.#watches.size
  }

  /** The channels that this process is woken for. */
  get watched(): string[] {
    return [...this.#watches].flatMap(({ channels }) => [...channels])
  }

  /** What is called from now on takes place at once, but its answer is held back. */
  hold(operation: Operation): Hold {
    let hold: Pick<Hold, 'release' | 'fail'> | undefined
    const held = new Promise<void>((resolve, reject) => {
      hold = { release: resolve, fail: reject }
    })
    held.catch(() => {})
    this.#holds.set(operation, held)
    const free = (): void => {
      if (this.#holds.get(operation) === held) this.#holds.delete(operation)
    }
    return {
      release: () => {
        free()
        hold?.release()
      },
      fail: (error) => {
        free()
        hold?.fail(error)
      },
      abandon: free,
    }
  }

  /** Makes the next calls fail before they have done anything. */
  fail(operation: Operation, error: unknown, times: number = Number.POSITIVE_INFINITY): void {
    this.#failures.set(operation, { error, times })
  }

  mend(operation: Operation): void {
    this.#failures.delete(operation)
  }

  /** Puts another log in the place of this one, behind the back of who uses it. */
  async replace(inner: EventLog): Promise<void> {
    this.#inner = inner
    for (const watch of this.#watches) {
      await watch.inner.close()
      watch.inner = await inner.watch(watch.wake)
      for (const channel of watch.channels) await watch.inner.add(channel)
    }
  }

  append(channel: string, records: readonly NewRecord[], options: AppendOptions<never>): Promise<AppendResult> {
    return this.#run('append', () => this.#inner.append(channel, records, options))
  }

  async read(
    channel: string,
    after: Position | 'start',
    limit: { readonly records: number; readonly bytes: number },
  ): Promise<Page> {
    return this.onPage(await this.#run('read', () => this.#inner.read(channel, after, limit)))
  }

  heads(channels: readonly string[]): Promise<readonly Head[]> {
    return this.#run('heads', () => this.#inner.heads(channels))
  }

  watch(wake: Wake): Promise<LogWatch> {
    return this.#run('watch', async () => {
      const listener: Wake = (channel, appended) => {
        if (!this.isDeaf) this.onWake(() => wake(channel, this.bringsRecords ? appended : undefined))
      }
      const watch: ControlledWatch = {
        channels: new Set(),
        wake: listener,
        inner: await this.#inner.watch(listener),
      }
      this.#watches.add(watch)
      return {
        add: (channel) =>
          this.#run('add', async () => {
            watch.channels.add(channel)
            await watch.inner.add(channel)
          }),
        delete: (channel) => {
          watch.channels.delete(channel)
          watch.inner.delete(channel)
        },
        close: async () => {
          this.#watches.delete(watch)
          await watch.inner.close()
        },
      }
    })
  }

  /** A wake-up out of the blue. */
  wake(channel?: string, appended?: Appended): void {
    for (const { wake } of this.#watches) wake(channel, appended)
  }

  close(): Promise<void> {
    return this.#inner.close()
  }

  async #run<Result>(operation: Operation, call: () => Promise<Result>): Promise<Result> {
    this.calls[operation]++
    const failure = this.#failures.get(operation)
    if (failure !== undefined && failure.times-- > 0) throw failure.error
    const hold = this.#holds.get(operation)
    const answer = await call()
    await hold
    return answer
  }
}
