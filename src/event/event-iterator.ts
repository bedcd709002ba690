import { PullIterator } from '../core/pull-iterator.ts'
import { copyEventMeta } from './event-meta.ts'
import { HibernationEventIterator } from './hibernation-event-iterator.ts'
import { derivePosition, type Positioned, type StreamPosition } from './stream-position.ts'

/** A stream of events in the hands of its consumer. Leaving the loop releases all that it holds. */
export interface EventIterator<Value, Return = unknown> extends AsyncGenerator<Value, Return, void> {
  /** Leaves the stream. A pending `next()` is answered at once. */
  return(value?: Return | PromiseLike<Return>): Promise<IteratorResult<Value, Return>>
}

/** A stream of events as a producer may give it: an async generator, a subscription, anything that iterates so. */
export type EventSource<Value = unknown, Return = unknown> = AsyncIteratorObject<Value, Return, unknown> & Positioned

export function isEventSource(value: unknown): value is EventSource {
  if (typeof value !== 'object' || value === null) return false
  const { next, [Symbol.asyncIterator]: iterate } = value as Partial<EventSource>
  return typeof next === 'function' && typeof iterate === 'function'
}

export interface EventMapper {
  /** Makes each event's value; the event keeps its meta. */
  readonly value?: ((value: unknown) => unknown) | undefined
  /** Makes the value with which the stream ends. */
  readonly done?: ((value: unknown) => unknown) | undefined
  /** Makes the error with which the stream fails, be it thrown by the source or by the functions above. */
  readonly error?: ((error: unknown) => unknown) | undefined
  /** Runs once when the stream is over, however it ended; it does not wait for the source to clean up. */
  readonly finally?: (() => void) | undefined
}

/** The stream with its values changed; ids, meta and position stay what they were. */
export function mapEventIterator(source: EventSource, mapper: EventMapper): EventIterator<unknown> {
  // Its events never pass here: whoever sends them speaks to the client alone.
  if (source instanceof HibernationEventIterator) return source
  return new MappedEventIterator(source, mapper)
}

class MappedEventIterator extends PullIterator<unknown, unknown> {
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
    })
  }

  protected async pull(): Promise<IteratorResult<unknown, unknown>> {
    const cursor = this['~position']?.cursor()
    try {
      const { done, value } = await this.#source.next()
      this.#mapping = { cursor }
      const map = done ? this.#mapper.done : this.#mapper.value
      if (map === undefined) return { done: done ?? false, value }
      return { done: done ?? false, value: copyEventMeta(value, await map(value)) }
    } catch (error) {
      throw this.#mapper.error === undefined ? error : await this.#mapper.error(error)
    } finally {
      this.#mapping = undefined
    }
  }

  protected async release(): Promise<void> {
    this.#mapper.finally?.()
    await this.#source.return?.()
  }
}
