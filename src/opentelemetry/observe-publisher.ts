import type { PublisherObservation } from '../publisher/measures.ts'
import type { MeasureOptions } from './measure-publisher.ts'
import { meterOf } from './telemetry.ts'

/**
 * Measures how long a publisher's log takes, as histograms: what `measurePublisher` cannot know afterwards.
 *
 * @example
 * const publisher = new Publisher(log, { observe: observePublisher() })
 */
export function observePublisher(options: MeasureOptions = {}): (observation: PublisherObservation) => void {
  const meter = meterOf(options)
  const appends = meter.createHistogram('headwater.publisher.append.duration', {
    unit: 's',
    description: 'How long the log took to acknowledge',
    advice: { explicitBucketBoundaries: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5] },
  })
  const polls = meter.createHistogram('headwater.publisher.poll.duration', {
    unit: 's',
    description: 'How long the log took to say where the channels end',
  })
  return (observation) => {
    if (observation.type !== 'append' && observation.type !== 'poll') return
    const { error, milliseconds } = observation
    const failure = error === undefined ? {} : { 'error.type': error instanceof Error ? error.name : '_OTHER' }
    const histogram = observation.type === 'append' ? appends : polls
    histogram.record(milliseconds / 1000, { ...options.attributes, ...failure })
  }
}
