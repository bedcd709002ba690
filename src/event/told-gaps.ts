import { PullIterator } from '../core/pull-iterator.ts'
import type { EventGapData } from './event-gap.ts'
import type { EventSource } from './event-iterator.ts'
import { derivePosition, type PassedGap, type StreamPosition } from './stream-position.ts'

/** The stream with somebody who is told of the gaps that it goes on over, each before the event behind it. */
export class ToldGaps<Value, Return> extends PullIterator<Value, Return> {
  readonly #source: EventSource<Value, Return>
  readonly #onGap: (gap: EventGapData) => void
  /** For who passes this stream on: those before the event that was read last. */
  #gaps: PassedGap[] = []
  readonly '~position'?: StreamPosition

  /** @param onGap what it throws fails the stream. */
  constructor(source: EventSource<Value, Return>, onGap: (gap: EventGapData) => void) {
    super()
    this.#source = source
    this.#onGap = onGap
    const position = source['~position']
    if (position !== undefined) this['~position'] = derivePosition(position, { takeGap: () => this.#gaps.shift() })
  }

  protected async pull(): Promise<IteratorResult<Value, Return>> {
    this.#gaps = []
    const result = await this.#source.next()
    const position = this.#source['~position']
    for (let passed = position?.takeGap?.(); passed !== undefined; passed = position?.takeGap?.()) {
      this.#gaps.push(passed)
      this.#onGap(passed.gap)
    }
    return result
  }

  protected async release(): Promise<void> {
    await this.#source.return?.()
  }
}
