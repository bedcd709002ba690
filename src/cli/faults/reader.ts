import { isEventGap } from '../../event/event-gap.ts'
import { type EventSource, isEventSource } from '../../event/event-iterator.ts'
import { getEventMeta } from '../../event/event-meta.ts'
import type { OpenedLink } from '../open-link.ts'
import { toJSON } from '../print.ts'
import type { Target } from '../target.ts'
import { UsageError } from '../usage-error.ts'
import { Sightings } from './sightings.ts'

/** Reads a stream to its end or the signal's, and keeps what it sees. */
export class Reader {
  readonly sightings: Sightings = new Sightings()
  readonly #link: OpenedLink
  readonly #target: Target
  readonly #signal: AbortSignal
  /** Resolves when it reads no more. Never rejects. */
  ended: Promise<void> = Promise.resolve()

  constructor(link: OpenedLink, target: Target, signal: AbortSignal) {
    this.#link = link
    this.#target = target
    this.#signal = signal
  }

  /** Resolves when the stream is open; rejects when it cannot be opened. */
  async start(lastEventId: string | undefined): Promise<void> {
    this.ended = this.#read(await this.#open(lastEventId))
  }

  async #open(lastEventId: string | undefined): Promise<EventSource> {
    const { sightings } = this
    const { path, input } = this.#target
    const stream = await this.#link.call(path, input, {
      signal: this.#signal,
      lastEventId,
      onGap: (gap) => sightings.gaps.push(gap),
      onConnectionState: ({ status }) => {
        if (status === 'waiting') sightings.cuts++
      },
    })
    if (isEventSource(stream)) return stream
    throw new UsageError(`${path.join('.')} is no stream`)
  }

  /** A gap is told, and the stream goes on with the oldest event that is left. */
  async #read(stream: EventSource): Promise<void> {
    for (let current: EventSource | undefined = stream; current !== undefined; ) {
      try {
        for await (const value of current) this.sightings.seen.push(getEventMeta(value)?.id ?? toJSON(value))
        return
      } catch (error) {
        current = await this.#goOn(error)
      }
    }
  }

  async #goOn(error: unknown): Promise<EventSource | undefined> {
    if (this.#signal.aborted) return undefined
    try {
      if (!isEventGap(error)) throw error
      this.sightings.gaps.push(error.data)
      return await this.#open(error.data.oldest)
    } catch (error) {
      if (!this.#signal.aborted) this.sightings.error = error
      return undefined
    }
  }
}
