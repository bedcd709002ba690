import { toArray } from './channel-key.ts'

/** What one notification holds: Postgres takes less than 8000 bytes. */
const LONGEST = 7900

/**
 * Notifications as text: who sends them, then the key of a channel on each line.
 *
 * Whoever wakes itself leaves out its own ones by that name; for an append in a transaction, which wakes nobody before its
 * commit, the sender is nobody.
 */
export function formatNotifications(sender: string, keys: Iterable<string>): string[] {
  const payloads: string[] = []
  for (const key of keys) {
    const last = payloads.at(-1)
    const longer = `${last}\n${key}`
    if (last !== undefined && Buffer.byteLength(longer) <= LONGEST) payloads[payloads.length - 1] = longer
    else payloads.push(`${sender}\n${key}`)
  }
  return payloads
}

export function parseNotification(payload: string): { readonly sender: string; readonly keys: readonly string[] } {
  const [sender = '', ...keys] = payload.split('\n')
  return { sender, keys }
}

export interface NotifierOptions {
  readonly sender: string
  /** Sends; without it others find out by themselves. */
  readonly send: ((payloads: string) => Promise<unknown>) | undefined
}

/** The least time between two notifications of a process, in ms. */
const INTERVAL = 5

/** Until what could not be sent is tried again, in ms. */
const RETRY_DELAY = 500

/** What waits while nothing can be sent; the polls of the readers find the rest. */
const MAX_WAITING = 10_000

/**
 * Tells other processes of appends, the first at once and those that follow closely together, by statements of its own: a
 * `NOTIFY` inside the writers' transactions would make their commits wait for each other.
 */
export class Notifier {
  readonly #options: NotifierOptions
  readonly #waiting = new Set<string>()
  #sending: Promise<boolean> | undefined
  #timer: ReturnType<typeof setTimeout> | undefined
  #closed = false

  constructor(options: NotifierOptions) {
    this.#options = options
  }

  appended(key: string): void {
    if (this.#closed) return
    if (this.#waiting.size < MAX_WAITING) this.#waiting.add(key)
    if (this.#sending === undefined && this.#timer === undefined) void this.#flush()
  }

  /** Sends what waits first. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    clearTimeout(this.#timer)
    await this.#sending
    if (this.#waiting.size > 0) await this.#send()
  }

  async #flush(): Promise<void> {
    this.#timer = undefined
    this.#sending = this.#send()
    const isSent = await this.#sending
    this.#sending = undefined
    if (this.#closed) return
    this.#timer = setTimeout(
      () => {
        if (this.#waiting.size > 0) void this.#flush()
        else this.#timer = undefined
      },
      isSent ? INTERVAL : RETRY_DELAY,
    )
  }

  async #send(): Promise<boolean> {
    const keys = [...this.#waiting]
    this.#waiting.clear()
    try {
      await this.#options.send?.(toArray(formatNotifications(this.#options.sender, keys)))
      return true
    } catch {
      for (const key of keys) this.#waiting.add(key)
      return false
    }
  }
}
