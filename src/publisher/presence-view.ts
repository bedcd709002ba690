import { onAbort } from '../core/abort.ts'
import { PullIterator } from '../core/pull-iterator.ts'
import type { StreamPosition } from '../event/stream-position.ts'

export interface Member<State> {
  readonly id: string
  readonly state: State
}

/** What members write down of themselves: again and again while they stay, without a state when they leave. */
export interface LeaseRecord<State> {
  /** One connection of a member, who may have several. */
  readonly lease: string
  readonly id: string
  /** Counts the states that this lease has had. */
  readonly revision: number
  /** By the clock of who writes, in ms since the epoch. */
  readonly at: number
  readonly state?: State | undefined
  readonly isLeaving?: boolean | undefined
}

interface Lease<State> extends LeaseRecord<State> {
  readonly expires: number
}

/** Who is present in a channel, by the leases that this process has seen. Time counts from when it has seen them. */
export class PresenceView<State> {
  readonly #ttl: number
  readonly #leases = new Map<string, Lease<State>>()
  readonly #listeners = new Set<() => void>()
  #members: readonly Member<State>[] | undefined
  #expiry: ReturnType<typeof setTimeout> | undefined
  #failure: { readonly error: unknown } | undefined

  /** @param ttl how long a lease lasts, in ms. */
  constructor(ttl: number) {
    this.#ttl = ttl
  }

  /** Each member once, with the newest state. The same array until something changes. */
  get members(): readonly Member<State>[] {
    if (this.#failure !== undefined) throw this.#failure.error
    if (this.#members === undefined) {
      const members = new Map<string, Member<State>>()
      for (const { id, state } of this.#leases.values()) members.set(id, { id, state: state as State })
      this.#members = Object.freeze([...members.values()])
    }
    return this.#members
  }

  take(record: LeaseRecord<State>): void {
    const known = this.#leases.get(record.lease)
    const isNews = known === undefined || known.revision !== record.revision
    // A state is the same as long as its revision is.
    const { state } = isNews ? record : known
    // Behind the others: who has shown up last decides on a member's state.
    if (isNews) this.#leases.delete(record.lease)
    if (record.isLeaving) this.#leases.delete(record.lease)
    else this.#leases.set(record.lease, { ...record, state, expires: performance.now() + this.#ttl })
    this.#expireLater()
    if (record.isLeaving ? known !== undefined : isNews) this.#change()
  }

  fail(error: unknown): void {
    this.#failure ??= { error }
    this.#change()
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  close(): void {
    clearTimeout(this.#expiry)
  }

  #change(): void {
    this.#members = undefined
    for (const listener of [...this.#listeners]) listener()
  }

  /** One timer for all; that a lease has been renewed since is found when it fires. */
  #expireLater(): void {
    if (this.#expiry !== undefined || this.#leases.size === 0) return
    let first = Number.POSITIVE_INFINITY
    for (const { expires } of this.#leases.values()) first = Math.min(first, expires)
    this.#expiry = setTimeout(() => this.#expire(), Math.ceil(Math.max(0, first - performance.now())))
    ;(this.#expiry as { unref?: () => void }).unref?.()
  }

  #expire(): void {
    this.#expiry = undefined
    const now = performance.now()
    const { size } = this.#leases
    for (const [lease, { expires }] of this.#leases) if (expires <= now) this.#leases.delete(lease)
    this.#expireLater()
    if (this.#leases.size < size) this.#change()
  }
}

const RESUMABLE = 'list'

/** The members of a channel, now and whenever they have changed. Who is slow gets the newest list, not those between. */
export class Members<State> extends PullIterator<readonly Member<State>[]> {
  readonly #opened: Promise<PresenceView<State>>
  readonly #signal: AbortSignal | undefined
  readonly #close: () => void
  readonly #offAbort: () => void
  #view: PresenceView<State> | undefined
  #offChange = (): void => {}
  #seen: readonly Member<State>[] | undefined
  #wake = (): void => {}
  #isLeft = false
  /** It begins with the whole list wherever it resumes: that it has an id is all that its client needs to know. */
  readonly '~position': StreamPosition

  constructor(opened: Promise<PresenceView<State>>, signal: AbortSignal | undefined, close: () => void) {
    super()
    this.#opened = opened
    this.#opened.then(
      (view) => {
        this.#view = view
        this.#offChange = view.onChange(() => this.#wake())
        this.#wake()
      },
      () => this.#wake(),
    )
    this['~position'] = {
      ready: opened.catch(() => {}),
      cursor: () => (this.#seen === undefined ? undefined : RESUMABLE),
      assertOpen: () => signal?.throwIfAborted(),
    }
    this.#signal = signal
    this.#close = close
    this.#offAbort = onAbort(signal, () => {
      this.#letGo()
      this.#wake()
    })
  }

  protected async pull(): Promise<IteratorResult<readonly Member<State>[], void>> {
    for (;;) {
      this.#signal?.throwIfAborted()
      const members = this.#view?.members
      if (members !== undefined && members !== this.#seen) {
        this.#seen = members
        return { done: false, value: members }
      }
      const changed = new Promise<void>((resolve) => {
        this.#wake = resolve
      })
      // What keeps it from opening is thrown here.
      await (this.#view === undefined ? Promise.race([this.#opened, changed]) : changed)
    }
  }

  protected release(): void {
    this.#offAbort()
    this.#letGo()
  }

  #letGo(): void {
    if (this.#isLeft) return
    this.#isLeft = true
    this.#offChange()
    this.#close()
  }
}
