import type { EventGapData, EventGapReason, GapPolicy } from '../event/event-gap.ts'

/** How long something took, in ms, each time that it was done. */
export interface Durations {
  readonly count: number
  /** All of them together: divided by `count`, the mean. */
  readonly total: number
  readonly longest: number
}

/** What a publisher has done since it was made, and how it stands now. */
export interface PublisherStats {
  /** Events that this publisher has appended, as the log has acknowledged. */
  readonly published: number
  /** Events whose idempotency key the log knew already. */
  readonly duplicates: number
  /** Events of which the log said that they were not appended, or never said that they were. */
  readonly unpublished: number
  /** Answers of the log to appends that were lost. Those with a key are asked for again. */
  readonly unknownAppends: number
  /** Appends that were answered; one may take several events. Without those in your own transactions. */
  readonly appends: Durations
  /** Events handed out, each once for each subscriber. */
  readonly delivered: number
  /** Subscriptions that began after a `lastEventId`. */
  readonly resumes: number
  /** Gaps that subscribers came upon, whether they failed or went on. */
  readonly gaps: Readonly<Record<EventGapReason, number>>
  /** Of these, the gaps that were gone on over. */
  readonly passedGaps: number
  /** How often a subscriber was so slow that it had to go back to the log. */
  readonly fallBehinds: number
  /** Pages that were read from the log, by readers and for subscribers. */
  readonly pages: number
  /** Questions where the channels end: the backstop for wake-ups that were lost. */
  readonly polls: Durations
  /** How often events of a channel were found by a poll before a wake-up had told of them. */
  readonly missedWakes: number
  /** Failures of the log that were tried again, and errors of listeners: what `onError` was told. */
  readonly errors: number
  /** Now. */
  readonly subscribers: number
  /** Now: with a reader, which outlives the last subscriber by 30 s. */
  readonly channels: number
  /** Now: how far the hindmost subscriber is behind its channel, in offsets. */
  readonly lag: number
  /** Now: pages of history that are kept. */
  readonly cacheBytes: number
  /** Now: live events that are kept. */
  readonly tailBytes: number
}

/** A channel that is being read, now. */
export interface ChannelStats {
  readonly channel: string
  readonly subscribers: number
  /** The id behind its newest event that is known here; `undefined` while none is. */
  readonly head: string | undefined
  /** How far its hindmost subscriber is behind, in offsets. */
  readonly lag: number
  /** Events that have come since it is read. */
  readonly events: number
  /** Subscriptions that began after a `lastEventId`, since it is read. */
  readonly resumes: number
  /** Gaps that its subscribers have come upon, since it is read. */
  readonly gaps: number
}

/** Where a channel begins and ends in its log. */
export interface ChannelRange {
  readonly channel: string
  /** The id after which all events that are left come. */
  readonly oldest: string
  /** The id behind its newest event. */
  readonly head: string
}

/** Something that a publisher has done: rare things only, none of them for each delivery. */
export type PublisherObservation =
  | {
      readonly type: 'append'
      readonly channel: string
      readonly events: number
      readonly milliseconds: number
      readonly duplicate?: boolean
      readonly error?: unknown
    }
  | { readonly type: 'gap'; readonly channel: string; readonly gap: EventGapData; readonly policy: GapPolicy }
  | { readonly type: 'resume'; readonly channel: string; readonly lastEventId: string }
  | { readonly type: 'fall-behind'; readonly channel: string }
  | { readonly type: 'poll'; readonly channels: number; readonly milliseconds: number; readonly error?: unknown }
  | { readonly type: 'missed-wake'; readonly channel: string }

type Observer = (observation: PublisherObservation) => void

class Stopwatch implements Durations {
  count = 0
  total = 0
  longest = 0

  add(milliseconds: number): void {
    this.count++
    this.total += milliseconds
    if (milliseconds > this.longest) this.longest = milliseconds
  }
}

/** What is counted where it happens: numbers that grow, and somebody who wants to be told. */
export class Measures {
  published = 0
  duplicates = 0
  unpublished = 0
  unknownAppends = 0
  delivered = 0
  resumes = 0
  passedGaps = 0
  fallBehinds = 0
  pages = 0
  missedWakes = 0
  errors = 0
  readonly gaps: Record<EventGapReason, number> = { trimmed: 0, epoch: 0, overflow: 0 }
  readonly appends: Stopwatch = new Stopwatch()
  readonly polls: Stopwatch = new Stopwatch()
  /** `undefined` where nobody listens: then nothing is made up for it. */
  observe: Observer | undefined
  readonly #observers = new Set<Observer>()

  /** Tells somebody what is worth telling, until what it gives back is called. */
  addObserver(observer: Observer): () => void {
    const own: Observer = (observation) => observer(observation)
    this.#observers.add(own)
    this.observe = (observation) => {
      for (const observer of this.#observers) observer(observation)
    }
    return () => {
      this.#observers.delete(own)
      if (this.#observers.size === 0) this.observe = undefined
    }
  }

  /** @param since when it began, by `performance.now()`. */
  appended(channel: string, events: number, duplicate: boolean, since: number): void {
    const milliseconds = performance.now() - since
    this.appends.add(milliseconds)
    if (duplicate) this.duplicates += events
    else this.published += events
    this.observe?.({ type: 'append', channel, events, milliseconds, duplicate })
  }

  notAppended(channel: string, events: number, error: unknown, since: number): void {
    this.unpublished += events
    this.observe?.({ type: 'append', channel, events, milliseconds: performance.now() - since, error })
  }

  gap(channel: string, gap: EventGapData, policy: GapPolicy): void {
    this.gaps[gap.reason]++
    if (policy !== 'fail') this.passedGaps++
    this.observe?.({ type: 'gap', channel, gap, policy })
  }

  resumed(channel: string, lastEventId: string): void {
    this.resumes++
    this.observe?.({ type: 'resume', channel, lastEventId })
  }

  fellBehind(channel: string): void {
    this.fallBehinds++
    this.observe?.({ type: 'fall-behind', channel })
  }

  polled(channels: number, since: number, error?: unknown): void {
    const milliseconds = performance.now() - since
    this.polls.add(milliseconds)
    this.observe?.({ type: 'poll', channels, milliseconds, ...(error === undefined ? {} : { error }) })
  }

  missedWake(channel: string): void {
    this.missedWakes++
    this.observe?.({ type: 'missed-wake', channel })
  }

  /** With how things stand. */
  snapshot(now: Pick<PublisherStats, 'subscribers' | 'channels' | 'lag' | 'cacheBytes' | 'tailBytes'>): PublisherStats {
    const { observe: _, gaps, appends, polls, ...counts } = this
    return { ...counts, ...now, gaps: { ...gaps }, appends: { ...appends }, polls: { ...polls } }
  }
}
