import { PullIterator } from '../../src/core/pull-iterator.ts'
import type { EventSource } from '../../src/event/event-iterator.ts'
import { attachEventMeta } from '../../src/event/event-meta.ts'
import type { StreamPosition } from '../../src/event/stream-position.ts'

export interface SourceOptions {
  /** More may come. */
  readonly open?: boolean
  /** What it ends with. */
  readonly end?: string
  readonly error?: unknown
}

/** A stream that knows its position: behind its n-th event it is at `p<n>`, and its objects have that for an id. */
export function sourceOf<Value>(values: readonly Value[], options: SourceOptions = {}) {
  const source = new PositionedSource(values, options)
  return {
    source: source as EventSource<Value, any>,
    /** Adds an event. */
    more: (value: Value): void => source.add(value),
    /** Ends it. */
    end: (): void => source.end(),
    /** How often it was left. */
    left: (): number => source.left,
  }
}

class PositionedSource<Value> extends PullIterator<Value, unknown> {
  readonly #values: Value[]
  readonly #options: SourceOptions
  #isOpen: boolean
  #taken = 0
  #wake: (() => void) | undefined
  left = 0
  readonly '~position': StreamPosition = { ready: Promise.resolve(), cursor: () => `p${this.#taken}` }

  constructor(values: readonly Value[], options: SourceOptions) {
    super()
    this.#values = [...values]
    this.#options = options
    this.#isOpen = options.open ?? false
  }

  add(value: Value): void {
    this.#values.push(value)
    this.#wake?.()
  }

  end(): void {
    this.#isOpen = false
    this.#wake?.()
  }

  protected async pull(): Promise<IteratorResult<Value, unknown>> {
    for (;;) {
      if (this.#values.length > 0) {
        const value = this.#values.shift() as Value
        this.#taken++
        return { done: false, value: attachEventMeta(value, { id: `p${this.#taken}` }) }
      }
      if (!this.#isOpen) {
        if (this.#options.error !== undefined) throw this.#options.error
        return { done: true, value: this.#options.end }
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  protected release(): void {
    this.left++
  }
}
