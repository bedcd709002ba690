import { onAbort } from '../core/abort.ts'
import { randomToken } from '../core/random-token.ts'
import type { EventIterator } from '../event/event-iterator.ts'
import { Serializer } from '../wire/serializer.ts'
import { EventFormat } from './event-format.ts'
import type { EventLog } from './event-log.ts'
import { PAGE_LIMIT } from './history.ts'
import { formatId, type Position } from './position.ts'
import { type PresenceChange, PresenceChanges } from './presence-changes.ts'
import { type LeaseRecord, type Member, Members, PresenceView } from './presence-view.ts'
import { Publisher } from './publisher.ts'

export interface PresenceOptions {
  /** How long a member stays whose process is gone without a word, in seconds. Default 30. */
  readonly ttl?: number | undefined
  /** Is told when a lease could not be renewed, which is then tried again. Default: `console.error`. */
  readonly onError?: ((error: unknown) => void) | undefined
}

export interface PresenceSubscribeOptions {
  readonly signal?: AbortSignal | undefined
  /** Of a client that resumes. It gets the whole list, which has all that it has missed. */
  readonly lastEventId?: string | undefined
}

/** One connection's stay in a channel. */
export interface Membership<State> {
  /** Shows the others a new state. */
  update(state: State): Promise<void>
  /** Leaves; a second call does nothing. */
  leave(): Promise<void>
}

interface OpenView<State> {
  readonly view: PresenceView<State>
  readonly opened: Promise<PresenceView<State>>
  readonly close: () => void
  users: number
}

/**
 * Who is there, across processes: members hold leases in a log, which they renew while they stay. Whoever leaves is gone
 * at once; whose process is killed, when the lease runs out.
 *
 * @example
 * const presence = new Presence<{ name: string }>(log)
 * await presence.join('room:7', user.id, { name: user.name }, { signal })
 * for await (const members of presence.subscribe('room:7', { signal })) show(members)
 */
export class Presence<State = undefined> {
  readonly #log: EventLog
  readonly #publisher: Publisher<Record<string, LeaseRecord<State>>>
  readonly #ttl: number
  readonly #onError: (error: unknown) => void
  readonly #views = new Map<string, OpenView<State>>()
  readonly #memberships = new Set<Membership<State>>()

  constructor(log: EventLog, { ttl = 30, onError = console.error }: PresenceOptions = {}) {
    if (!(ttl > 0)) throw new RangeError(`The ttl must be a number of seconds above 0, got ${ttl}`)
    this.#log = log
    this.#ttl = ttl * 1000
    this.#onError = onError
    this.#publisher = new Publisher(log, { retention: { seconds: ttl }, onError })
  }

  /**
   * Makes a member present until the signal aborts or `leave()` is called. One member may join several times, from
   * several tabs say, and stays until the last one has left.
   */
  async join(
    channel: string,
    id: string,
    state: State,
    { signal }: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<Membership<State>> {
    signal?.throwIfAborted()
    const lease = randomToken(16)
    let record: Omit<LeaseRecord<State>, 'at'> = { lease, id, revision: 1, state }
    let left: Promise<unknown> | undefined
    const write = async (): Promise<void> => {
      await this.#publisher.publish(logChannel(channel), { ...record, at: Date.now() })
    }
    let isRenewing = false
    const renew = async (): Promise<void> => {
      if (isRenewing) return
      isRenewing = true
      await write().catch(this.#onError)
      isRenewing = false
    }
    const timer = setInterval(() => void renew(), this.#ttl / 3)
    ;(timer as { unref?: () => void }).unref?.()
    const membership: Membership<State> = {
      update: async (state) => {
        if (left !== undefined) return
        record = { ...record, state, revision: record.revision + 1 }
        await write()
      },
      leave: async () => {
        left ??= (async () => {
          clearInterval(timer)
          offAbort()
          this.#memberships.delete(membership)
          record = { lease, id, revision: 0, isLeaving: true }
          await write()
        })()
        await left
      },
    }
    this.#memberships.add(membership)
    const offAbort = onAbort(signal, () => void membership.leave().catch(this.#onError))
    try {
      await write()
    } catch (error) {
      await membership.leave().catch(() => {})
      throw error
    }
    return membership
  }

  /** Who is in a channel now. */
  async list(channel: string): Promise<readonly Member<State>[]> {
    const { opened, release } = this.#use(channel)
    try {
      return (await opened).members
    } finally {
      release()
    }
  }

  /** Who is in a channel: the whole list at once, and again whenever it has changed. */
  subscribe(channel: string, options: PresenceSubscribeOptions = {}): EventIterator<readonly Member<State>[], void> {
    return this.#members(channel, options)
  }

  /** Who is in a channel: the whole list at once, then who joins, shows a new state, and leaves. */
  changes(channel: string, options: PresenceSubscribeOptions = {}): EventIterator<PresenceChange<State>, void> {
    return new PresenceChanges(this.#members(channel, options))
  }

  /** Leaves all channels and lets go of the log, which stays open: it is the caller's. */
  async close(): Promise<void> {
    await Promise.allSettled([...this.#memberships].map((membership) => membership.leave()))
    await this.#publisher.close()
  }

  #members(channel: string, { signal }: PresenceSubscribeOptions): Members<State> {
    const { opened, release } = this.#use(channel)
    return new Members(opened, signal, release)
  }

  /** One view of a channel for all who look at it. */
  #use(channel: string): { readonly opened: Promise<PresenceView<State>>; release(): void } {
    let open = this.#views.get(channel)
    if (open === undefined) {
      open = this.#open(logChannel(channel))
      this.#views.set(channel, open)
    }
    const used = open
    used.users++
    return {
      opened: used.opened,
      release: () => {
        used.users--
        if (used.users > 0) return
        used.close()
        if (this.#views.get(channel) === used) this.#views.delete(channel)
      },
    }
  }

  #open(channel: string): OpenView<State> {
    const view = new PresenceView<State>(this.#ttl)
    const closing = new AbortController()
    const { signal } = closing
    const opened = this.#readLeases(channel, view).then((place) => {
      void this.#follow(channel, place, view, signal)
      return view
    })
    opened.catch(() => this.#forget(view))
    const close = (): void => {
      closing.abort()
      view.close()
    }
    return { view, opened, close, users: 0 }
  }

  /**
   * What is in the log now; gives the place behind it. A log may keep more than it has to: leases that ran out long ago
   * are passed over, with a whole lease as allowance for clocks that differ.
   */
  async #readLeases(channel: string, view: PresenceView<State>): Promise<Position> {
    const format = new EventFormat(channel, new Serializer())
    let after: Position | 'start' = 'start'
    for (;;) {
      const page = await this.#log.read(channel, after, PAGE_LIMIT)
      for (const { data } of page.records) {
        const record = format.decode(data).value as LeaseRecord<State>
        if (record.isLeaving || record.at > Date.now() - 2 * this.#ttl) view.take(record)
      }
      if (page.through.offset >= page.position.offset) return page.through
      after = page.through
    }
  }

  /** Whoever a gap hides renews their lease soon. */
  async #follow(channel: string, place: Position, view: PresenceView<State>, signal: AbortSignal): Promise<void> {
    const options = { from: formatId(place), onGap: 'oldest', signal } as const
    try {
      for await (const record of this.#publisher.subscribe(channel, options)) view.take(record)
    } catch (error) {
      if (signal.aborted) return
      this.#forget(view)
      view.fail(error)
    }
  }

  /** Who comes later begins with a new one. */
  #forget(view: PresenceView<State>): void {
    for (const [channel, open] of this.#views) if (open.view === view) this.#views.delete(channel)
  }
}

/** Beside the channels of events, which may have the same names. */
function logChannel(channel: string): string {
  return `presence:${channel}`
}
