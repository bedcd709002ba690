import { PullIterator } from '../core/pull-iterator.ts'
import type { ReadySource } from './ready-source.ts'

/** An iterator over events that lie somewhere: `next()` takes what is there, and waits only where there is nothing. */
export abstract class ReadyIterator<Value> extends PullIterator<Value> implements ReadySource<Value, void> {
  #failure: { readonly error: unknown } | undefined

  abstract '~take'(): IteratorResult<Value, void> | undefined
  abstract '~onReady'(listener: () => void): void

  get '~ready'(): this {
    return this
  }

  override next(): Promise<IteratorResult<Value, void>> {
    if (!this.isIdle) return super.next()
    try {
      const result = this['~take']()
      if (result !== undefined) return Promise.resolve(result)
    } catch (error) {
      this.#failure = { error }
    }
    return super.next()
  }

  /** Rejects with what taking threw, which ends the iterator. */
  protected pull(): Promise<IteratorResult<Value, void>> {
    return new Promise((resolve, reject) => {
      const take = (): void => {
        try {
          if (this.#failure !== undefined) throw this.#failure.error
          const result = this['~take']()
          if (result === undefined) this['~onReady'](take)
          else resolve(result)
        } catch (error) {
          reject(error)
        }
      }
      take()
    })
  }
}
