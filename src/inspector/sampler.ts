import type { PublisherObservation } from '../publisher/measures.ts'
import { MemoryLog } from '../publisher/memory-log.ts'
import { Publisher } from '../publisher/publisher.ts'
import type { Subscription } from '../publisher/subscription.ts'
import type { InspectedChannel, InspectedNote, InspectedPublisher, InspectorSample } from './inspector-contract.ts'
import { toNote } from './observation-note.ts'
import type { WorkMonitor } from './work-monitor.ts'

/** How often everything is looked at, in ms, and how many looks are kept. */
const INTERVAL = 1000
const KEPT = 180

/** The most channels, connections and streams in a sample, and the most notes. */
const MAX_LISTED = 200
const MAX_NOTES = 50

/** Looks at everything once a second, while somebody watches: the samples are events of a channel like any other. */
export class Sampler {
  readonly #publishers: ReadonlyMap<string, Publisher<any, any>>
  readonly #monitor: WorkMonitor
  readonly #samples: Publisher<{ samples: InspectorSample }> = new Publisher(new MemoryLog(), {
    retention: { events: KEPT },
  })
  #notes: InspectedNote[] = []
  #stop: (() => void) | undefined
  #isLooking = false

  constructor(publishers: ReadonlyMap<string, Publisher<any, any>>, monitor: WorkMonitor) {
    this.#publishers = publishers
    this.#monitor = monitor
  }

  /** What has been seen lately, and what will be. */
  subscribe(signal: AbortSignal, lastEventId: string | undefined): Subscription<InspectorSample> {
    const samples = this.#samples.subscribe('samples', { signal, lastEventId, from: 'start', onGap: 'oldest' })
    if (this.#stop === undefined) this.#start()
    return samples
  }

  #start(): void {
    const ends = [...this.#publishers].map(([name, publisher]) =>
      publisher.observe((observation) => this.#note(name, observation)),
    )
    const timer = setInterval(() => this.#tick(), INTERVAL)
    ;(timer as { unref?: () => void }).unref?.()
    this.#stop = () => {
      clearInterval(timer)
      for (const end of ends) end()
      this.#notes = []
      this.#stop = undefined
    }
    void this.#look()
  }

  #tick(): void {
    if (this.#samples.stats().subscribers === 0) this.#stop?.()
    else void this.#look()
  }

  #note(publisher: string, observation: PublisherObservation): void {
    const note = toNote(publisher, observation)
    if (note !== undefined && this.#notes.length < MAX_NOTES) this.#notes.push(note)
  }

  async #look(): Promise<void> {
    // A log that takes longer than a second to answer is not asked twice.
    if (this.#isLooking) return
    this.#isLooking = true
    try {
      const publishers = await Promise.all(
        [...this.#publishers].map(([name, publisher]) => inspectPublisher(name, publisher)),
      )
      await this.#samples.publish('samples', this.#sample(publishers))
    } finally {
      this.#isLooking = false
    }
  }

  #sample(publishers: readonly InspectedPublisher[]): InspectorSample {
    const connections = this.#monitor.connections().sort((one, other) => other.buffered - one.buffered)
    const streams = this.#monitor.streams().sort((one, other) => other.buffered - one.buffered)
    const carried = streams.filter(({ connection }) => connection === undefined)
    const notes = this.#notes
    this.#notes = []
    return {
      at: Date.now(),
      publishers,
      connections: connections.slice(0, MAX_LISTED),
      streams: streams.slice(0, MAX_LISTED),
      calls: this.#monitor.calls(),
      notes,
      left: {
        channels: publishers.reduce((left, { stats, channels }) => left + stats.channels - channels.length, 0),
        connections: Math.max(0, connections.length - MAX_LISTED),
        streams: Math.max(0, streams.length - MAX_LISTED),
      },
      // What waits of a stream over a connection waits in that.
      buffered: [...connections, ...carried].reduce((sum, { buffered }) => sum + buffered, 0),
    }
  }
}

async function inspectPublisher(name: string, publisher: Publisher<any, any>): Promise<InspectedPublisher> {
  const channels = publisher
    .channels()
    .sort((one, other) => other.subscribers - one.subscribers || other.events - one.events)
    .slice(0, MAX_LISTED)
  // A log that does not answer shows elsewhere: what is known without it is shown all the same.
  const ranges = await publisher.ranges(channels.map(({ channel }) => channel)).catch(() => [])
  const rangeOf = new Map(ranges.map((range) => [range.channel, range]))
  return {
    name,
    stats: publisher.stats(),
    channels: channels.map((stats): InspectedChannel => {
      const range = rangeOf.get(stats.channel)
      return { ...stats, head: stats.head ?? range?.head, oldest: range?.oldest }
    }),
  }
}
