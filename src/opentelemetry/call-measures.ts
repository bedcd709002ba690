import type { Attributes, Counter, Histogram, Meter, UpDownCounter } from '@opentelemetry/api'
import type { CallEnd } from '../session/observe-call.ts'
import { errorAttributes } from './telemetry.ts'

/** What is measured of the calls of one side. Streams have their own: their length says nothing about speed. */
export class CallMeasures {
  readonly #duration: Histogram
  readonly #streams: UpDownCounter
  readonly #events: Counter
  readonly #gaps: Counter

  constructor(meter: Meter, side: 'server' | 'client') {
    this.#duration = meter.createHistogram(`rpc.${side}.call.duration`, {
      unit: 's',
      description: 'Calls that were answered at once',
      advice: { explicitBucketBoundaries: [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10] },
    })
    this.#streams = meter.createUpDownCounter(`headwater.${side}.streams`, {
      unit: '{stream}',
      description: 'Streams that are open',
    })
    this.#events = meter.createCounter(`headwater.${side}.stream.events`, {
      unit: '{event}',
      description: 'Events of streams that are over',
    })
    this.#gaps = meter.createCounter(`headwater.${side}.stream.gaps`, {
      unit: '{gap}',
      description: 'Gaps that streams went on over',
    })
  }

  opened(attributes: Attributes): void {
    this.#streams.add(1, attributes)
  }

  gap(attributes: Attributes, reason: string): void {
    this.#gaps.add(1, { ...attributes, 'headwater.gap.reason': reason })
  }

  ended(attributes: Attributes, end: CallEnd): void {
    if (end.stream === undefined) {
      this.#duration.record(end.duration / 1000, { ...attributes, ...errorAttributes(end) })
      return
    }
    this.#streams.add(-1, attributes)
    this.#events.add(end.stream.events, attributes)
  }
}
