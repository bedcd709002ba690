import { PullIterator } from '../core/pull-iterator.ts'
import type { EventIterator, EventSource } from './event-iterator.ts'
import { mapEventIterator } from './map-event-iterator.ts'
import { derivePosition, type StreamPosition } from './stream-position.ts'

/**
 * The stream with each event made into another one, which keeps its id; the stream keeps its position.
 *
 * @example
 * return mapEvents(publisher.subscribe('rooms', { signal, lastEventId }), (room) => ({ name: room.name }))
 */
export function mapEvents<Value, Mapped, Return = unknown>(
  source: EventSource<Value, Return>,
  map: (event: Value) => Mapped | Promise<Mapped>,
): EventIterator<Mapped, Return> {
  return mapEventIterator(source, { value: (value) => map(value as Value) }) as EventIterator<Mapped, Return>
}

/**
 * The stream without the events for which `test` says no. Its position moves on over those too: a client that resumes
 * does not read them again.
 *
 * @example
 * return filterEvents(publisher.subscribe('orders', { signal, lastEventId }), (order) => order.owner === user.id)
 */
export function filterEvents<Value, Kept extends Value, Return = unknown>(
  source: EventSource<Value, Return>,
  test: (event: Value) => event is Kept,
): EventIterator<Kept, Return>
export function filterEvents<Value, Return = unknown>(
  source: EventSource<Value, Return>,
  test: (event: Value) => boolean | Promise<boolean>,
): EventIterator<Value, Return>
export function filterEvents<Value, Return>(
  source: EventSource<Value, Return>,
  test: (event: Value) => boolean | Promise<boolean>,
): EventIterator<Value, Return> {
  return new FilteredEvents(source, test)
}

class FilteredEvents<Value, Return> extends PullIterator<Value, Return> {
  readonly #source: EventSource<Value, Return>
  readonly #test: (event: Value) => boolean | Promise<boolean>
  /** Where the stream was before the event that is being tested. */
  #testing: { readonly cursor: string | undefined } | undefined
  readonly '~position'?: StreamPosition

  constructor(source: EventSource<Value, Return>, test: (event: Value) => boolean | Promise<boolean>) {
    super()
    this.#source = source
    this.#test = test
    const position = source['~position']
    if (position === undefined) return
    this['~position'] = derivePosition(position, {
      cursor: () => (this.#testing === undefined ? position.cursor() : this.#testing.cursor),
    })
  }

  protected async pull(): Promise<IteratorResult<Value, Return>> {
    for (;;) {
      const cursor = this['~position']?.cursor()
      const result = await this.#source.next()
      if (result.done) return result
      this.#testing = { cursor }
      try {
        if (await this.#test(result.value)) return result
      } finally {
        this.#testing = undefined
      }
    }
  }

  protected async release(): Promise<void> {
    await this.#source.return?.()
  }
}
