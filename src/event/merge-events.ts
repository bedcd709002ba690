import { PullIterator } from '../core/pull-iterator.ts'
import type { EventIterator, EventSource } from './event-iterator.ts'
import { withoutEventId } from './event-meta.ts'
import type { PassedGap, StreamPosition } from './stream-position.ts'

type Answer<Value> = { readonly result: IteratorResult<Value> } | { readonly error: unknown }

/** One of several streams, with the `next()` that is under way or was answered and not yet handed out. */
class MergeSource<Value> {
  readonly source: EventSource<Value>
  isOver = false
  #isAsked = false
  /** Where the source was before its `next()`. */
  #before: string | undefined
  #answer: Answer<Value> | undefined

  constructor(source: EventSource<Value>) {
    this.source = source
  }

  ask(onAnswer: () => void): void {
    if (this.#isAsked || this.isOver) return
    this.#isAsked = true
    this.#before = this.source['~position']?.cursor()
    this.source
      .next()
      .then(
        (result) => {
          this.#answer = { result: result as IteratorResult<Value> }
        },
        (error: unknown) => {
          this.#answer = { error }
        },
      )
      .then(onAnswer)
  }

  /** A gap before the answer, or behind everything while there is none. */
  takeGap(): PassedGap | undefined {
    return this.source['~position']?.takeGap?.()
  }

  get isAnswered(): boolean {
    return this.#answer !== undefined
  }

  take(): IteratorResult<Value> {
    const answer = this.#answer as Answer<Value>
    this.#answer = undefined
    this.#isAsked = false
    if ('error' in answer) throw answer.error
    this.isOver = answer.result.done === true
    return answer.result
  }

  /**
   * How far this source has been handed out. An event may be on its way out of it: `isQuiet` says that everything that
   * can happen by itself has happened, so that it would be here.
   */
  cursor(isQuiet: boolean): string | undefined {
    const isHeld = this.#isAsked && (!isQuiet || this.#answer !== undefined)
    return isHeld ? this.#before : this.source['~position']?.cursor()
  }
}

/** Several streams as one, each event in its turn. It ends when all have ended, and fails with the first that fails. */
export class MergedEvents<Value, Event = Value> extends PullIterator<Event> {
  readonly #sources: readonly MergeSource<Value>[]
  readonly #eventOf: (value: Value, index: number) => Event
  /** The sources with an answer, in the order of their answers. */
  readonly #answered: number[] = []
  /** Gaps before what was handed out last. */
  readonly #passedGaps: PassedGap[] = []
  /** Whether everything that was handed out has been passed on: it waits for more, or has not begun. */
  #isIdle = true
  #wake: (() => void) | undefined

  constructor(sources: readonly EventSource<Value>[], eventOf: (value: Value, index: number) => Event) {
    super()
    this.#sources = sources.map((source) => new MergeSource(source))
    this.#eventOf = eventOf
  }

  /** What the failure of one source is for the whole. */
  protected failureOf(error: unknown, _index: number): unknown {
    return error
  }

  /** How far each source has been handed out. */
  protected cursors(isQuiet: boolean): (string | undefined)[] {
    return this.#sources.map((source) => source.cursor(isQuiet))
  }

  /** What the gap of one source is for the whole. @param isQuiet as for the cursors. */
  protected gapOf({ gap }: PassedGap, _index: number, _isQuiet: boolean): PassedGap {
    return { gap, after: undefined }
  }

  protected takeGap(): PassedGap | undefined {
    if (this.#passedGaps.length === 0 && this.#isIdle) this.#passIdleGaps()
    return this.#passedGaps.shift()
  }

  protected assertOpen(): void {
    for (const { source } of this.#sources) source['~position']?.assertOpen?.()
  }

  protected async pull(): Promise<IteratorResult<Event, void>> {
    this.#isIdle = true
    try {
      return await this.#nextEvent()
    } finally {
      this.#isIdle = false
    }
  }

  async #nextEvent(): Promise<IteratorResult<Event, void>> {
    for (;;) {
      this.#sources.forEach((source, index) => {
        source.ask(() => {
          this.#answered.push(index)
          this.#wake?.()
        })
      })
      if (this.#sources.every(({ isOver }) => isOver)) return { done: true, value: undefined }
      if (this.#answered.length === 0) await this.#nextAnswer()
      const index = this.#answered.shift() as number
      this.#passGap(index, false)
      const { done, value } = this.#take(index)
      if (!done) return { done: false, value: this.#eventOf(value, index) }
    }
  }

  #passGap(index: number, isQuiet: boolean): void {
    const passed = this.#sources[index]?.takeGap()
    if (passed !== undefined) this.#passedGaps.push(this.gapOf(passed, index, isQuiet))
  }

  /** Of several at once, only the last is a place to resume from: behind each of the others there is still a gap. */
  #passIdleGaps(): void {
    for (const [index, { isAnswered }] of this.#sources.entries()) if (!isAnswered) this.#passGap(index, true)
    const last = this.#passedGaps.pop()
    if (last === undefined) return
    const earlier = this.#passedGaps.splice(0).map(({ gap }) => ({ gap, after: undefined }))
    this.#passedGaps.push(...earlier, last)
  }

  #take(index: number): IteratorResult<Value> {
    try {
      return (this.#sources[index] as MergeSource<Value>).take()
    } catch (error) {
      throw this.failureOf(error, index)
    }
  }

  protected async release(): Promise<void> {
    await Promise.all(this.#sources.map(({ source }) => source.return?.()))
  }

  #nextAnswer(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = () => {
        this.#wake = undefined
        resolve()
      }
    })
  }
}

/**
 * Several streams as one, each event as it comes. Leaving it leaves them all.
 *
 * Its events have no ids: that of one stream says nothing about the others. Gaps are passed on. Clients that may simply listen again after
 * a cut call with `resume: 'always'`. Several channels of a publisher that should resume: `publisher.subscribe([…])`.
 *
 * @example
 * for await (const event of mergeEvents(posts, comments)) show(event)
 */
export function mergeEvents<Value>(...sources: EventSource<Value>[]): EventIterator<Value, void> {
  return new UnrelatedEvents(sources)
}

class UnrelatedEvents<Value> extends MergedEvents<Value> {
  readonly '~position'?: StreamPosition

  constructor(sources: readonly EventSource<Value>[]) {
    super(sources, withoutEventId)
    if (sources.every((source) => source['~position'] === undefined)) return
    this['~position'] = {
      ready: Promise.resolve(),
      cursor: () => undefined,
      takeGap: () => this.takeGap(),
      assertOpen: () => this.assertOpen(),
    }
  }
}
