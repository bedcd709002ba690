import type { Attributes, Observable } from '@opentelemetry/api'
import type { PublisherStats } from '../publisher/measures.ts'
import { meterOf, type OpenTelemetryOptions } from './telemetry.ts'

/** A publisher, or whatever counts as one does. */
export interface MeasuredPublisher {
  stats(): PublisherStats
}

export interface MeasureOptions extends Pick<OpenTelemetryOptions, 'meterProvider'> {
  /** What tells this publisher from others in the process, such as `{ log: 'redis' }`. */
  readonly attributes?: Attributes | undefined
}

type Counted = {
  readonly [Name in keyof PublisherStats]: PublisherStats[Name] extends number ? Name : never
}[keyof PublisherStats]

const COUNTERS: Readonly<Partial<Record<Counted, readonly [name: string, unit: string, description: string]>>> = {
  published: ['published', '{event}', 'Events appended, as the log has acknowledged'],
  duplicates: ['duplicates', '{event}', 'Events whose idempotency key the log knew already'],
  unpublished: ['unpublished', '{event}', 'Events that were not appended, or may not have been'],
  unknownAppends: ['unknown_appends', '{append}', 'Answers to appends that were lost'],
  delivered: ['delivered', '{event}', 'Events handed out, once for each subscriber'],
  resumes: ['resumes', '{subscription}', 'Subscriptions that began after a lastEventId'],
  passedGaps: ['passed_gaps', '{gap}', 'Gaps that subscribers went on over'],
  fallBehinds: ['fall_behinds', '{time}', 'Subscribers too slow for the live events'],
  pages: ['pages', '{page}', 'Pages read from the log'],
  missedWakes: ['missed_wakes', '{time}', 'Wake-ups of the log that were lost'],
  errors: ['errors', '{error}', 'What onError was told'],
}

const GAUGES: typeof COUNTERS = {
  subscribers: ['subscribers', '{subscriber}', 'Subscribers now'],
  channels: ['channels', '{channel}', 'Channels that are being read now'],
  lag: ['lag', '{event}', 'How far the hindmost subscriber is behind its channel'],
}

/**
 * Measures what a publisher counts, each time that its meter is read; returns what ends that. The numbers are those of
 * `publisher.stats()`.
 *
 * @example
 * const publisher = new Publisher(log)
 * measurePublisher(publisher, { attributes: { log: 'redis' } })
 */
export function measurePublisher(publisher: MeasuredPublisher, options: MeasureOptions = {}): () => void {
  const { attributes = {} } = options
  const meter = meterOf(options)
  const name = (name: string): string => `headwater.publisher.${name}`
  const reads: [Observable, (stats: PublisherStats) => readonly (readonly [value: number, more?: Attributes])[]][] = []
  const plain = (key: string) => (stats: PublisherStats) => [[stats[key as Counted]] as const]

  for (const [key, [last, unit, description]] of Object.entries(COUNTERS)) {
    reads.push([meter.createObservableCounter(name(last), { unit, description }), plain(key)])
  }
  for (const [key, [last, unit, description]] of Object.entries(GAUGES)) {
    reads.push([meter.createObservableGauge(name(last), { unit, description }), plain(key)])
  }
  const gaps = meter.createObservableCounter(name('gaps'), {
    unit: '{gap}',
    description: 'Gaps that subscribers came upon, whether they failed or went on',
  })
  reads.push([
    gaps,
    (stats) =>
      Object.entries(stats.gaps).map(([reason, count]) => [count, { 'headwater.gap.reason': reason }] as const),
  ])
  const buffered = meter.createObservableGauge(name('buffered'), {
    unit: 'By',
    description: 'Events kept in memory: live ones, and pages of history',
  })
  reads.push([
    buffered,
    ({ tailBytes, cacheBytes }) => [
      [tailBytes, { 'headwater.buffer': 'live' }],
      [cacheBytes, { 'headwater.buffer': 'history' }],
    ],
  ])

  const observables = reads.map(([observable]) => observable)
  const read: Parameters<typeof meter.addBatchObservableCallback>[0] = (result) => {
    const stats = publisher.stats()
    for (const [observable, valuesOf] of reads) {
      for (const [value, more] of valuesOf(stats)) result.observe(observable, value, { ...attributes, ...more })
    }
  }
  meter.addBatchObservableCallback(read, observables)
  return () => meter.removeBatchObservableCallback(read, observables)
}
