interface Request<Value, Return> {
  resolve(result: IteratorResult<Value, Return>): void
  reject(error: unknown): void
}

/**
 * An async iterator that can be left while it waits.
 *
 * A native generator queues `return()` behind a pending `next()`: who waits for an event that never comes could not
 * leave. Here `return()` and `throw()` answer every pending `next()` at once, then release what the iterator holds.
 * Concurrent calls of `next()` are answered in order.
 */
export abstract class PullIterator<Value, Return = void> implements AsyncGenerator<Value, Return, void> {
  #finished = false
  #requests: Request<Value, Return>[] = []

  /** The next result. Called once at a time, never after `release()`. */
  protected abstract pull(): Promise<IteratorResult<Value, Return>>

  /** Gives back what the iterator holds. Called exactly once, however it ends; a pending `pull()` is then forgotten. */
  protected abstract release(): void | Promise<void>

  /** Whether a result would go to who asks next: nobody waits, and it is not over. */
  protected get isIdle(): boolean {
    return !this.#finished && this.#requests.length === 0
  }

  next(): Promise<IteratorResult<Value, Return>> {
    if (this.#finished) return Promise.resolve(done<Return>())
    return new Promise((resolve, reject) => {
      this.#requests.push({ resolve, reject })
      if (this.#requests.length === 1) void this.#answer()
    })
  }

  async return(value?: Return | PromiseLike<Return>): Promise<IteratorResult<Value, Return>> {
    await this.#leave()
    return { done: true, value: (await value) as Return }
  }

  async throw(error: unknown): Promise<IteratorResult<Value, Return>> {
    await this.#leave()
    throw error
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#leave()
  }

  async #answer(): Promise<void> {
    for (let request = this.#requests[0]; request !== undefined; request = this.#requests[0]) {
      try {
        const result = await this.pull()
        // return() may have answered everyone while this pull was under way.
        if (this.#finished) return
        if (result.done) await this.#end()
        else this.#requests.shift()
        request.resolve(result)
      } catch (error) {
        // What release() throws on top would only hide the first error.
        await this.#end().catch(() => {})
        request.reject(error)
      }
      if (this.#finished) this.#answerAll()
    }
  }

  async #leave(): Promise<void> {
    this.#answerAll()
    await this.#end()
  }

  /** Tells everyone who waits that it is over; who has an answer keeps it. */
  #answerAll(): void {
    for (const request of this.#requests.splice(0)) request.resolve(done<Return>())
  }

  async #end(): Promise<void> {
    if (this.#finished) return
    this.#finished = true
    await this.release()
  }
}

function done<Return>(): IteratorReturnResult<Return> {
  return { done: true, value: undefined as Return }
}
