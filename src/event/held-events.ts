import { PullIterator } from '../core/pull-iterator.ts'
import type { EventSource } from './event-iterator.ts'
import { derivePosition, type PassedGap, type StreamPosition } from './stream-position.ts'

export interface HoldOptions<Value, Output> {
  /** What is held when one more event has come. */
  readonly hold: (held: Value[], event: Value) => Value[]
  /** Whether the source has to wait until something has been handed out. Default: never. */
  readonly isFull?: (held: readonly Value[]) => boolean
  /** How long what is held may not be handed out yet, in ms, asked with each event. */
  readonly wait: (held: readonly Value[]) => number
  /** Makes what is handed out. */
  readonly output: (held: readonly Value[]) => Output
}

/**
 * A stream that holds events back before it hands them out.
 *
 * It reads its source from the first `next()` on, whether somebody waits or not. Its position is that of what it has
 * handed out: what it holds comes again for a client that resumes.
 */
export class HeldEvents<Value, Output, Return> extends PullIterator<Output, Return> {
  readonly #source: EventSource<Value, Return>
  readonly #options: HoldOptions<Value, Output>
  readonly '~position'?: StreamPosition
  #held: Value[] = []
  /** Where the source was behind the last event held, and behind the last one handed out. */
  #received: string | undefined
  #handedOut: string | undefined
  /** The gaps among the events held, and those before what was handed out last. */
  #heldGaps: PassedGap[] = []
  #passedGaps: PassedGap[] = []
  #timer: ReturnType<typeof setTimeout> | undefined
  #isDue = false
  #isReading = false
  #hasRead = false
  #isLeft = false
  #end: { readonly value: Return } | { readonly error: unknown } | undefined
  #wake: (() => void) | undefined

  constructor(source: EventSource<Value, Return>, options: HoldOptions<Value, Output>) {
    super()
    this.#source = source
    this.#options = options
    const position = source['~position']
    if (position === undefined) return
    this['~position'] = derivePosition(position, {
      cursor: () => (this.#hasRead ? this.#handedOut : position.cursor()),
      takeGap: () => this.#passedGaps.shift() ?? this.#idleGap(),
    })
  }

  protected async pull(): Promise<IteratorResult<Output, Return>> {
    for (;;) {
      this['~position']?.assertOpen?.()
      void this.#read()
      if (this.#held.length > 0 && (this.#isDue || this.#end !== undefined)) {
        return { done: false, value: this.#handOut() }
      }
      if (this.#end !== undefined) {
        if ('error' in this.#end) throw this.#end.error
        this.#passGaps()
        return { done: true, value: this.#end.value }
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  protected async release(): Promise<void> {
    this.#isLeft = true
    clearTimeout(this.#timer)
    await this.#source.return?.()
  }

  #handOut(): Output {
    const held = this.#held
    this.#held = []
    this.#isDue = false
    this.#handedOut = this.#received
    this.#passGaps()
    clearTimeout(this.#timer)
    return this.#options.output(held)
  }

  /** One reads at a time, until there is enough. */
  async #read(): Promise<void> {
    if (this.#isReading || this.#end !== undefined) return
    this.#isReading = true
    try {
      if (!this.#hasRead) await this.#begin()
      while (!this.#isLeft && !this.#options.isFull?.(this.#held)) {
        const result = await this.#source.next()
        if (this.#isLeft) return
        this.#holdGap(this.#source['~position']?.takeGap?.())
        this.#received = this.#source['~position']?.cursor()
        if (result.done) {
          this.#end = { value: result.value }
          return
        }
        this.#take(result.value)
      }
    } catch (error) {
      this.#end = { error }
    } finally {
      this.#isReading = false
      this.#wake?.()
    }
  }

  /** Nothing has been handed out yet: a client that resumes gets all from here on. */
  async #begin(): Promise<void> {
    await this.#source['~position']?.ready
    this.#handedOut = this.#source['~position']?.cursor()
    this.#hasRead = true
  }

  /** It is told before what will be handed out with it: behind the gap is then no place to resume from. */
  #holdGap(passed: PassedGap | undefined): void {
    if (passed === undefined) return
    this.#heldGaps.push(this.#held.length === 0 ? passed : { gap: passed.gap, after: undefined })
  }

  #passGaps(): void {
    this.#passedGaps.push(...this.#heldGaps)
    this.#heldGaps = []
  }

  /** A gap behind which nothing has come yet, and before which nothing is held. */
  #idleGap(): PassedGap | undefined {
    return this.#held.length === 0 && this.#heldGaps.length === 0 ? this.#source['~position']?.takeGap?.() : undefined
  }

  #take(event: Value): void {
    this.#held = this.#options.hold(this.#held, event)
    clearTimeout(this.#timer)
    const due = (): void => {
      this.#isDue = true
      this.#wake?.()
    }
    const wait = this.#options.isFull?.(this.#held) ? 0 : this.#options.wait(this.#held)
    this.#isDue = false
    if (wait > 0) this.#timer = setTimeout(due, wait)
    else due()
  }
}
