import { PullIterator } from '../core/pull-iterator.ts'
import type { EventGapData } from './event-gap.ts'
import type { EventIterator, EventSource } from './event-iterator.ts'
import { copyEventMeta } from './event-meta.ts'
import { HibernationEventIterator } from './hibernation-event-iterator.ts'
import type { ReadySource } from './ready-source.ts'
import { derivePosition, type StreamPosition } from './stream-position.ts'

export interface EventMapper {
  /** Makes each event's value, or a promise of it; the event keeps its meta. */
  readonly value?: ((value: unknown) => unknown) | undefined
  /** Makes the value with which the stream ends. */
  readonly done?: ((value: unknown) => unknown) | undefined
  /** Makes the error with which the stream fails, be it thrown by the source or by the functions above. */
  readonly error?: ((error: unknown) => unknown) | undefined
  /** Is told of each gap that the stream goes on over, when it is passed on. */
  readonly gap?: ((gap: EventGapData) => void) | undefined
  /** Runs once when the stream is over, however it ended; it does not wait for the source to clean up. */
  readonly finally?: (() => void) | undefined
}

/** The stream with its values changed; ids, meta and position stay what they were. */
export function mapEventIterator(source: EventSource, mapper: EventMapper): EventIterator<unknown> {
  // Its events never pass here: whoever sends them speaks to the client alone.
  if (source instanceof HibernationEventIterator) return source
  return new MappedEventIterator(source, mapper)
}

type Result = IteratorResult<unknown, unknown>

class MappedEventIterator extends PullIterator<unknown, unknown> implements ReadySource {
  readonly #source: EventSource
  readonly #mapper: EventMapper
  /** Where the stream was before the event that is being mapped: a resume from there gets that event again. */
  #mapping: { readonly cursor: string | undefined } | undefined
  readonly '~position'?: StreamPosition

  constructor(source: EventSource, mapper: EventMapper) {
    super()
    this.#source = source
    this.#mapper = mapper
    const position = source['~position']
    if (position === undefined) return
    this['~position'] = derivePosition(position, {
      cursor: () => (this.#mapping === undefined ? position.cursor() : this.#mapping.cursor),
      takeGap: () => {
        const passed = position.takeGap?.()
        if (passed !== undefined) mapper.gap?.(passed.gap)
        return passed
      },
    })
  }

  get '~ready'(): ReadySource | undefined {
    return this.#source['~ready'] && this
  }

  '~take'(): Result | Promise<Result> | undefined {
    let result: Result | Promise<Result> | undefined
    try {
      result = this.#source['~ready']?.['~take']()
    } catch (error) {
      return this.#fail(error)
    }
    if (result === undefined) return undefined
    if (!isPromiseLike(result)) return this.#map(result)
    return result.then(
      (result) => this.#map(result),
      (error) => this.#fail(error),
    )
  }

  '~onReady'(listener: () => void): void {
    this.#source['~ready']?.['~onReady'](listener)
  }

  protected async pull(): Promise<Result> {
    const cursor = this['~position']?.cursor()
    let result: Result
    try {
      result = await this.#source.next()
    } catch (error) {
      return this.#fail(error)
    }
    this.#mapping = { cursor }
    try {
      return await this.#map(result)
    } finally {
      this.#mapping = undefined
    }
  }

  /** A promise only where the mapper gives one, or has thrown. */
  #map(result: Result): Result | Promise<Result> {
    const { done = false, value } = result
    const map = done ? this.#mapper.done : this.#mapper.value
    if (map === undefined) return result
    try {
      const mapped = map(value)
      if (!isPromiseLike(mapped)) return { done, value: copyEventMeta(value, mapped) }
      return Promise.resolve(mapped).then(
        (mapped) => ({ done, value: copyEventMeta(value, mapped) }),
        (error) => this.#fail(error),
      )
    } catch (error) {
      return this.#fail(error)
    }
  }

  async #fail(error: unknown): Promise<never> {
    throw this.#mapper.error === undefined ? error : await this.#mapper.error(error)
  }

  protected async release(): Promise<void> {
    this.#mapper.finally?.()
    await this.#source.return?.()
  }
}

function isPromiseLike<Value>(value: Value | PromiseLike<Value>): value is PromiseLike<Value> {
  return typeof (value as Partial<PromiseLike<Value>> | undefined | null)?.then === 'function'
}
